/** `ksmd profile`, of a scanner at work and of one that has nothing to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess, KSMD, text } from '../../../daemon-process.js';
import { until } from '../../../until.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--pages-to-scan', '10000', '--sleep-ms', '0']);
  await daemon.client.setKsm({ smart_scan: 0 });
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

const profiled = () =>
  daemon.log.filter(({ msg }) => msg === 'the scanner is being profiled').length;

test('a scanner without guests is idle, and the table says so', async () => {
  const { status, stdout, stderr } = await daemon.ksmd('profile', '--seconds', '0.5');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^the scanner thread for [\d.]+ m?s: [\d,]+ samples, idle in (100|[89]\d)\.\d % of them\nsamples {2}% {8}symbol name\n\d+ +\d/,
  );
  expect(stdout).toMatch(/^\d+ +(100|[89]\d)\.\d+ +\(idle\)$/m);
});

test('a scanner at work shows what it works at, by name, and DevTools are given it whole', async () => {
  expect((await daemon.ksmd('ksmpages', 'worst', '--size', '16MiB')).status).toBe(0);
  // A page that is written makes it take checksums too.
  await daemon.client.run({ workload: 'dirty', guest: 'busy', pages: 64 });
  const file = daemon.directory.file('scanner.cpuprofile');
  const table = await until('a search is seen', async () => {
    const { status, stdout } = await daemon.ksmd('profile', '--seconds', '1', '--output', file);
    expect(status).toBe(0);
    return /src\/core\/\S+\/(un)?stableSearch$/m.test(stdout) && stdout;
  });
  expect(table).toMatch(/^\d+ +\d+\.\d{4} +src\/core\/\S+\/(un)?stableSearch$/m);
  expect(table).toContain('never idle');

  const written = readFileSync(file, 'utf8');
  expect(`${table}${written}`).not.toContain('wasm-function');
  expect(JSON.parse(written)).toMatchObject({
    nodes: expect.arrayContaining([
      expect.objectContaining({
        id: expect.any(Number),
        callFrame: expect.any(Object),
        hitCount: expect.any(Number),
      }),
    ]),
    startTime: expect.any(Number),
    endTime: expect.any(Number),
    samples: expect.any(Array),
    timeDeltas: expect.any(Array),
  });
  expect(readdirSync(daemon.directory.path).filter((name) => name.startsWith('scanner.'))).toEqual([
    'scanner.cpuprofile',
  ]);
});

test('a profile replaces an older one, and no other file', async () => {
  const file = daemon.directory.file('scanner.cpuprofile');
  const older = readFileSync(file, 'utf8');
  expect((await daemon.ksmd('profile', '--seconds', '0.1', '--output', file)).status).toBe(0);
  expect(readFileSync(file, 'utf8')).not.toBe(older);
  const before = profiled();
  writeFileSync(file, '{"mine": 1}');
  expect((await daemon.ksmd('profile', '--output', file)).stderr).toBe(
    `ksmd: EEXIST: '${file}' is there, and is no profile ` +
      '(name another file, or remove that one)\n',
  );
  expect(readFileSync(file, 'utf8')).toBe('{"mine": 1}');
  expect(profiled()).toBe(before);
});

test('--json has the whole table', async () => {
  const { samples, symbols, idleShare } = JSON.parse(
    (await daemon.ksmd('profile', '--seconds', '0.5', '--json')).stdout,
  );
  expect(symbols[0]).toEqual({
    symbol: expect.any(String),
    samples: expect.any(Number),
    share: expect.any(Number),
  });
  expect(
    symbols.reduce((sum: number, symbol: { samples: number }) => sum + symbol.samples, 0),
  ).toBe(samples);
  expect(idleShare).toBeLessThan(0.5);
});

test('Ctrl-C gives up: nothing is written, and the profiler is off', async () => {
  const before = profiled();
  const file = daemon.directory.file('given-up.cpuprofile');
  const child = spawn(process.execPath, [KSMD, 'profile', '--seconds', '60', '--output', file], {
    env: { ...process.env, KSMD_SOCKET: daemon.socketPath },
  });
  const stderr = text(child.stderr);
  await until('the profile has begun', () => profiled() > before);
  expect(await daemon.ksmd('profile', '--seconds', '1')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'ksmd: EBUSY: a profile is being taken: wait for its end\n',
  });
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(stderr()).toMatch(/^ksmd: EINTR: interrupted: the profile is given up/);
  expect(readdirSync(daemon.directory.path).filter((name) => name.startsWith('given-up'))).toEqual(
    [],
  );
  await until(
    'the profiler is off',
    () => daemon.log.filter(({ msg }) => msg === 'the profile has ended').length === profiled(),
  );
  expect((await daemon.ksmd('profile', '--seconds', '0.1')).status).toBe(0);
});

test('a scanner killed in the middle is told in a sentence', async () => {
  const before = profiled();
  const outcome = daemon.ksmd('profile', '--seconds', '60');
  await until('the profile has begun', () => profiled() > before);
  await daemon.client.restartScanner();
  expect(await outcome).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'ksmd: EBUSY: the scanner died before the profile was done: another takes over, ' +
      'profile that one\n',
  });
});

test('where nothing can be written nothing is profiled', async () => {
  const before = profiled();
  expect((await daemon.ksmd('profile', '--output', daemon.directory.path)).stderr).toMatch(
    /^ksmd: EISDIR: .* is a directory: name a file\n$/,
  );
  expect((await daemon.ksmd('profile', '--output', '/nowhere/x.cpuprofile')).stderr).toMatch(
    /^ksmd: ENOENT: cannot write '\/nowhere\/x\.cpuprofile': no such file or directory\n$/,
  );
  expect((await daemon.ksmd('profile', '--seconds', 'long')).status).toBe(2);
  expect(profiled()).toBe(before);
});
