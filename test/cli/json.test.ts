/**
 * Every verb that prints has --json, and what it prints then is JSON: an object or a list, or one a
 * line. The others print nothing, or what a shell reads.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERBS } from '../../src/cli/commands.js';
import { DaemonProcess, type Outcome } from '../daemon-process.js';

const PAGE = 4096;
const AT = String(2 ** 32);

let daemon: DaemonProcess;
let image: string;
let workload: number;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
  image = daemon.directory.file('image');
  const pages = Buffer.alloc(16 * PAGE);
  for (let page = 0; page < 16; page++) pages.writeUInt32LE(1 + (page % 8), page * PAGE);
  writeFileSync(image, pages);
  const scenario = daemon.directory.file('scenario');
  writeFileSync(scenario, JSON.stringify({ ops: [{ op: 'guest', guest: 'g' }] }));
  for (const guest of ['web', 'old'])
    await daemon.ksmd('register', guest, '--image', image, '--raw');
  ({ id: workload } = await daemon.client.run({ workload: 'dirty', guest: 'at-work', pages: 4 }));
  const recording = daemon.directory.file('rec');
  const captured = [
    '--duration',
    '0',
    '--output',
    recording,
    '--key',
    daemon.directory.file('key'),
  ];
  expect(await daemon.ksmd('capture', '--image', image, ...captured)).toMatchObject({ status: 0 });
});
afterAll(async () => {
  await daemon.stop();
});

/** What each prints with --json, one after another; files are in the daemon's directory. */
const PRINTS: Readonly<Record<string, string>> = {
  status: 'status',
  top: 'top',
  vmstat: 'vmstat',
  free: 'free',
  register: 'register new --pages 1',
  fork: 'fork web child',
  exec: 'exec child',
  guests: 'guests',
  explain: `explain web ${AT}`,
  read: `read web ${AT} 10000`,
  prctl: 'prctl web --merge on',
  get: 'get',
  set: 'set pages_to_scan=50',
  scan: 'scan --pages 10',
  logs: 'logs',
  replay: 'replay DIR/scenario',
  ksmpages: 'ksmpages worst --size 64KiB',
  run: 'run dirty --guest busy --size 16KiB',
  ps: 'ps',
  kill: 'kill WORKLOAD',
  check: 'check',
  profile: 'profile --seconds 0.1',
  snapshot: 'snapshot DIR/snapshot',
  capture: 'capture --image DIR/image --duration 0 --output DIR/another --key DIR/key',
  recording: 'recording DIR/rec',
  estimate: 'estimate DIR/rec',
  shared: 'shared DIR/rec',
  predict: 'predict DIR/rec --for 10s',
  plan: 'plan DIR/rec',
  demo: 'demo --size 1MiB',
};
/** Their own tests have them: they go on, are the daemon, or want a kernel, or an engine. */
const ELSEWHERE = ['start', 'stop', 'follow', 'calibrate', 'fleet'];
const SILENT: Readonly<Record<string, string>> = {
  wait: 'wait',
  write: `write web ${AT} --file DIR/image`,
  madvise: `madvise web unmergeable --address ${AT} --length 4096`,
  unregister: 'unregister old',
};
/** What is for a shell, and JSON for nobody. */
const FOR_SHELLS = ['completion'];

function called(line: string, ...more: string[]): Promise<Outcome> {
  const args = line
    .replaceAll('DIR', daemon.directory.path)
    .replace('WORKLOAD', String(workload))
    .split(' ');
  return daemon.ksmd(...args, ...more);
}

test('every verb is one of these, and has --json or nothing to print', () => {
  const withJson = [...Object.keys(PRINTS), ...ELSEWHERE].sort();
  expect(
    VERBS.filter(({ json }) => json)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(withJson);
  expect(
    VERBS.filter(({ json }) => !json)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...Object.keys(SILENT), ...FOR_SHELLS].sort());
});

test.each(Object.entries(PRINTS))('%s --json prints JSON and nothing else', async (_verb, line) => {
  const { status, stdout, stderr } = await called(line, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const values = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as unknown);
  for (const value of values) expect(value).toBeInstanceOf(Object);
});

test.each([
  'recording DIR/rec --check',
  'recording DIR/rec --output DIR/part',
  'run launcher --guest service --size 16KiB',
  'run prefork --guest server --size 64KiB',
])('%s prints JSON as well', async (line) => {
  const { status, stdout } = await called(line, '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toBeInstanceOf(Object);
});

test.each(Object.entries(SILENT))('%s prints nothing', async (_verb, line) => {
  expect(await called(line)).toEqual({ status: 0, stdout: '', stderr: '' });
});

describe('read --json', () => {
  test('is an object for each 4096 bytes, at its address', async () => {
    const { stdout } = await daemon.ksmd('read', 'web', AT, '10000', '--json');
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { guest: string; address: number; hex: string });
    expect(
      objects.map(({ guest, address, hex }) => [guest, address - 2 ** 32, hex.length]),
    ).toEqual([
      ['web', 0, 2 * PAGE],
      ['web', PAGE, 2 * PAGE],
      ['web', 2 * PAGE, 2 * (10_000 - 2 * PAGE)],
    ]);
    const raw = (await daemon.ksmd('read', 'web', AT, '10000', '--hex')).stdout;
    expect(raw).toContain((objects[1]?.hex.slice(0, 8).match(/../g) ?? []).join(' '));
  });
});
