/** `ksmd vmstat`: columns, headings, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess, KSMD, run, text } from '../../daemon-process.js';
import { Terminal } from '../../terminal.js';
import { until } from '../../until.js';

const BASE = 0x100000000;
const PAGE = 4096;
const HEAD =
  'r b swpd free buff cache si so bi bo us sy id wa st shared sharing scan/s merge/s cow/s'.split(
    ' ',
  );

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
  const { client } = daemon;
  await client.setKsm({ smart_scan: 0 });
  await client.createGuest('g');
  await client.map('g', 'r', { pages: 64 });
  await client.store('g', BASE, Buffer.alloc(20 * PAGE, 5));
  for (let i = 0; i < 4; i++) await client.scan(1000);
  // Pages 18 and 19 go their own ways.
  await client.store('g', BASE + 18 * PAGE, Buffer.from('x'));
  await client.store('g', BASE + 19 * PAGE, Buffer.from('y'));
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

const fields = (line: string | undefined): string[] => (line ?? '').trim().split(/\s+/);
const isHeading = (line: string): boolean => /^ r +b /.test(line);

function terminal(args: readonly string[], columns: number, rows: number): Terminal {
  return Terminal.ksmd(['vmstat', ...args], {
    columns,
    rows,
    env: { KSMD_SOCKET: daemon.socketPath },
  });
}

test('one line tells of all the time since the start, in the columns of procps and KSM’s own', async () => {
  const { status, stdout, stderr } = await daemon.ksmd('vmstat');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [groups = '', head = '', line = '', ...rest] = stdout.split('\n');
  expect(fields(groups).map((group) => group.replaceAll('-', ''))).toEqual([
    'procs',
    'memory',
    'swap',
    'io',
    'cpu',
    'ksm',
  ]);
  expect(fields(head)).toEqual(HEAD);
  expect(new Set([groups.length, head.length, line.length]).size).toBe(1);
  expect(rest).toEqual(['']);
  const value = Object.fromEntries(HEAD.map((name, i) => [name, Number(fields(line)[i])]));
  // 64 MiB less three frames: the KSM page, and two of their own.
  expect(value).toMatchObject({
    r: 0,
    b: 0,
    swpd: 0,
    free: 65536 - 12,
    buff: 0,
    cache: 0,
    si: 0,
    so: 0,
    bi: 0,
    bo: 0,
    wa: 0,
    st: 0,
  });
  expect((value.us ?? 0) + (value.sy ?? 0) + (value.id ?? 0)).toBe(100);
  expect(value).toMatchObject({ shared: 1, sharing: 19 });
});

test('for programs: an object a sample; rates are of the time between two, and of all time at first', async () => {
  const { totals, cpus } = await daemon.client.status();
  expect(totals).toMatchObject({ pagesScanned: 80, merges: 20, cowBreaks: 2 });
  const { stdout } = await daemon.ksmd('vmstat', '0.1', '2', '--json');
  const [first, second, ...rest] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rest).toEqual([]);
  expect(first).toMatchObject({
    scanner: 'stopped',
    pagesShared: 1,
    pagesSharing: 19,
    guestThreadsRunning: 0,
    guestThreadsWaiting: 0,
  });
  expect(first.intervalMs).toBe(first.uptimeMs);
  expect((first.mergesPerSecond * first.uptimeMs) / 1000).toBeCloseTo(20);
  expect((first.cowBreaksPerSecond * first.uptimeMs) / 1000).toBeCloseTo(2);
  expect((first.pagesScannedPerSecond * first.uptimeMs) / 1000).toBeCloseTo(80);
  expect(first.scannerShare).toBeCloseTo(first.scannerCpus / cpus);
  expect(second).toMatchObject({
    intervalMs: second.uptimeMs - first.uptimeMs,
    mergesPerSecond: 0,
    cowBreaksPerSecond: 0,
    pagesScannedPerSecond: 0,
  });
});

test('-S chooses the unit of memory', async () => {
  const free = async (unit: string) =>
    Number(fields((await daemon.ksmd('vmstat', '-S', unit)).stdout.split('\n')[2])[3]);
  expect([await free('k'), await free('K'), await free('M')]).toEqual([67097, 65524, 64]);
});

test('the heading comes again once a screenful on a terminal, and once elsewhere', async () => {
  const wide = terminal(['0.1', '9'], 132, 8);
  expect(await wide.exited).toBe(0);
  const lines = wide.plain
    .split(/\r?\n/)
    .filter((line) => /^ ?[ \d]\d? /.test(line) || isHeading(line));
  expect(lines.map((line) => (isHeading(line) ? 'heading' : 'line')).join(' ')).toBe(
    'heading line line line line line heading line line line line',
  );
  const { stdout } = await daemon.ksmd('vmstat', '0.1', '9');
  expect(stdout.split('\n').filter(isHeading)).toHaveLength(1);
});

test('a terminal too narrow for all columns is not shown those that are always 0', async () => {
  const narrow = terminal([], 80, 24);
  expect(await narrow.exited).toBe(0);
  const heading = narrow.plain.split(/\r?\n/).find(isHeading);
  expect(fields(heading)).toEqual([
    'r',
    'b',
    'free',
    'us',
    'sy',
    'id',
    'shared',
    'sharing',
    'scan/s',
    'merge/s',
    'cow/s',
  ]);
});

test('Ctrl-C ends it with status 130', async () => {
  const live = terminal(['0.1'], 132, 24);
  await until('it goes on', () => live.plain.split('\n').length > 6);
  live.type('\x03');
  expect(await live.exited).toBe(130);
});

test('a reader that has seen enough is no failure', async () => {
  const line = `'${process.execPath}' '${KSMD}' vmstat 0.1 | head -3; exit \${PIPESTATUS[0]}`;
  const { status, stdout, stderr } = await run('bash', ['-c', line], {
    env: { KSMD_SOCKET: daemon.socketPath },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
});

test('a daemon that goes away ends it with a sentence', async () => {
  const other = await DaemonProcess.start(['--run', '0']);
  const vmstat = spawn(process.execPath, [KSMD, 'vmstat', '0.1'], {
    env: { ...process.env, KSMD_SOCKET: other.socketPath },
    stdio: 'pipe',
  });
  const told = text(vmstat.stdout);
  const errors = text(vmstat.stderr);
  const closed = once(vmstat, 'close');
  await until('it goes on', () => told().split('\n').length > 4);
  await other.stop('SIGKILL');
  expect(await closed).toEqual([1, null]);
  expect(errors()).toMatch(
    /^ksmd: E[A-Z]+: (no daemon listens on .*: start one with|the daemon broke off).*\n$/,
  );
});

test.each([[['0']], [['0.01']], [['soon']], [['1', '0']], [['1', '2', '3']], [['-S', 'g']]])(
  'vmstat %j is a wrong command line',
  async (args) => {
    const { status, stdout, stderr } = await daemon.ksmd('vmstat', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).not.toBe('');
  },
);
