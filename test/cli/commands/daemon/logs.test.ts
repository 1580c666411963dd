/** `ksmd logs`: which lines, for people and for programs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess, KSMD, ksmd, text } from '../../../daemon-process.js';
import { Terminal } from '../../../terminal.js';
import { until } from '../../../until.js';

const BASE = 0x100000000;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--memory', '1MiB', '--oom-timeout-ms', '1']);
  for (const guest of ['small', 'large']) {
    await daemon.client.createGuest(guest);
    await daemon.client.map(guest, 'r', { pages: 1024 });
  }
  await overfill('small');
  await overfill('large');
});
afterAll(async () => {
  await daemon.stop();
});

/** A store that finds too few frames is a warning that names the guest. */
async function overfill(guest: string): Promise<void> {
  await expect(daemon.client.store(guest, BASE, Buffer.alloc(2 ** 21, 1))).rejects.toMatchObject({
    code: 'ENOMEM',
  });
}

const objects = (ndjson: string): Record<string, unknown>[] =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('time, level, message and fields for people; each line as it is for programs', async () => {
  const [last] = objects(
    (await daemon.ksmd('logs', '--level', 'warn', '--lines', '1', '--json')).stdout,
  );
  expect(last).toMatchObject({
    level: 'warn',
    guest: 'large',
    bytesStored: expect.any(Number),
    msg: expect.stringMatching(/^a store of guest 'large' failed/),
  });
  expect(daemon.log).toContainEqual(last);
  const { status, stdout, stderr } = await daemon.ksmd('logs', '--level', 'warn', '--lines', '1');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const clock = new Date(String(last?.time)).toTimeString().slice(0, 8);
  const stored = Number(last?.bytesStored).toLocaleString('en');
  expect(stdout).toBe(`${clock} warn ${last?.msg}  guest large, bytesStored ${stored}\n`);
});

test('of a severity and above, of one guest, the last so many of those', async () => {
  const shown = async (...args: string[]) =>
    objects((await daemon.ksmd('logs', '--json', '--lines', '1000', ...args)).stdout);
  const levels = (lines: Record<string, unknown>[]) => new Set(lines.map(({ level }) => level));
  expect(levels(await shown())).toEqual(new Set(['info', 'warn']));
  expect(levels(await shown('--level', 'debug'))).toEqual(new Set(['info', 'warn']));
  expect(levels(await shown('--level', 'warn'))).toEqual(new Set(['warn']));
  expect(await shown('--level', 'error')).toEqual([]);
  expect((await shown('--guest', 'small')).map(({ guest }) => guest)).toEqual(['small', 'small']);
  expect((await shown('--level', 'warn', '--lines', '1')).map(({ guest }) => guest)).toEqual([
    'large',
  ]);
  expect(await shown('--lines', '0')).toEqual([]);
  expect((await daemon.ksmd('logs', '--level', 'loud')).status).toBe(2);
  expect((await daemon.ksmd('logs', '--guest', 'no such name')).stderr).toMatch(
    /^ksmd: EINVAL: guest must be/,
  );
});

test('new lines are followed, those that are wanted only', async () => {
  const env = { ...process.env, KSMD_SOCKET: daemon.socketPath };
  const follower = spawn(
    process.execPath,
    [KSMD, 'logs', '--follow', '--guest', 'small', '--lines', '1', '--json'],
    { env, stdio: 'pipe' },
  );
  const told = text(follower.stdout);
  await until('the last line', () => objects(told()).length === 1);
  await overfill('large');
  await overfill('small');
  await until('the next line', () => objects(told()).length === 2);
  expect(objects(told()).map(({ guest }) => guest)).toEqual(['small', 'small']);
  follower.kill('SIGINT');
  expect(await once(follower, 'close')).toEqual([null, 'SIGINT']);
});

test('in colours on a terminal, by severity', async () => {
  const env = { KSMD_SOCKET: daemon.socketPath };
  const terminal = Terminal.ksmd(['logs', '--level', 'warn'], { columns: 200, env });
  expect(await terminal.exited).toBe(0);
  expect(terminal.raw).toContain('\x1b[33mwarn\x1b');
  expect(
    (await ksmd(['logs', '--level', 'warn'], { env: { ...env, FORCE_COLOR: undefined } })).stdout,
  ).not.toContain('\x1b');
  const without = Terminal.ksmd(['logs', '--level', 'warn'], { env: { ...env, NO_COLOR: '1' } });
  expect(await without.exited).toBe(0);
  expect(without.raw).not.toContain('\x1b');
});

test('a reader that has seen enough is no failure', async () => {
  const line =
    `'${process.execPath}' '${KSMD}' logs --follow --lines 1 | head -1; exit ` +
    `\${PIPESTATUS[0]}`;
  const piped = spawn('bash', ['-c', line], {
    env: { ...process.env, KSMD_SOCKET: daemon.socketPath },
    stdio: 'pipe',
  });
  const told = text(piped.stdout);
  const errors = text(piped.stderr);
  const closed = once(piped, 'close');
  await until('the line is read', () => told() !== '');
  // The pipe is found closed at the next line.
  await until('it has ended', async () => {
    await overfill('small');
    return piped.exitCode !== null;
  });
  expect(await closed).toEqual([0, null]);
  expect(errors()).toBe('');
});

test('a daemon that stops ends the log, and one that breaks off ends it with a sentence', async () => {
  for (const [signal, outcome] of [
    ['SIGTERM', { status: 0, last: 'stopping', error: /^$/ }],
    [
      'SIGKILL',
      { status: 1, last: 'listening', error: /^ksmd: ECONNRESET: the daemon broke off: / },
    ],
  ] as const) {
    const other = await DaemonProcess.start(['--run', '0']);
    const env = { ...process.env, KSMD_SOCKET: other.socketPath };
    const follower = spawn(process.execPath, [KSMD, 'logs', '--follow', '--json'], {
      env,
      stdio: 'pipe',
    });
    const told = text(follower.stdout);
    const errors = text(follower.stderr);
    const closed = once(follower, 'close');
    await until('it follows', () => told().includes('listening'));
    await other.stop(signal);
    expect(await closed).toEqual([outcome.status, null]);
    expect(objects(told()).at(-1)).toMatchObject({ msg: outcome.last });
    expect(errors()).toMatch(outcome.error);
  }
});
