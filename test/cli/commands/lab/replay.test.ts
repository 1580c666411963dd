import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { ksmd, TemporaryDirectory } from '../../../daemon-process.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

const SCENARIO = {
  name: 'twins',
  kernel: '6.18.0',
  ops: [
    { op: 'guest', guest: 'g' },
    { op: 'region', guest: 'g', region: 'r', addr: '0x10000', pages: 2 },
    { op: 'fill', region: 'r', content: 'tail', arg: 7 },
    { op: 'set', name: 'run', value: 9, error: 'EINVAL' },
    { op: 'scan', pages: 10, times: 3 },
  ],
};

function file(name: string, value: unknown): string {
  const path = directory.file(name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

test('a scenario printed with its own observations agrees with itself', async () => {
  const { status, stdout } = await ksmd(['replay', '--print', file('plain.json', SCENARIO)]);
  expect(status).toBe(0);
  const printed = JSON.parse(stdout);
  expect(printed.ops[3]).toMatchObject({ error: 'EINVAL' });
  expect(printed.ops[4].expect).toHaveLength(3);
  expect(printed.ops[4].expect[2]).toMatchObject({
    counters: { full_scans: expect.any(Number) },
    guests: { g: {} },
  });
  const again = await ksmd(['replay', file('observed.json', printed)]);
  expect(again).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/observed\.json: agrees in \d+ counters over 5 steps\n$/),
  });
});

test('for one that differs, the first step and counter are named', async () => {
  const { stdout } = await ksmd(['replay', '--print', file('plain.json', SCENARIO)]);
  const printed = JSON.parse(stdout);
  printed.ops[4].expect[1].counters.pages_shared = 77;
  const path = file('different.json', printed);
  const { status, stdout: said } = await ksmd(['replay', directory.file('plain.json'), path]);
  expect(status).toBe(1);
  expect(said).toMatch(/plain\.json: agrees/);
  expect(said).toMatch(
    /different\.json: differs at ops\[4\] \(scan\), batch 1: pages_shared is \d+, the kernel's 77\n$/,
  );
  const json = await ksmd(['replay', '--json', path]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    agrees: false,
    difference: { step: 4, batch: 1, what: 'pages_shared', kernel: '77' },
  });
});

test('--kernel follows another kernel than the file names', async () => {
  const { stdout } = await ksmd([
    'replay',
    '--print',
    '--kernel',
    '2.6.32',
    file('plain.json', SCENARIO),
  ]);
  expect(Object.keys(JSON.parse(stdout).ops[4].expect[0].counters)).not.toContain(
    'stable_node_chains',
  );
  expect((await ksmd(['replay', '--kernel', '2.4', directory.file('plain.json')])).status).toBe(2);
});

test.each([
  ['no JSON', '{', /is no JSON/],
  ['an op that does not exist', { ops: [{ op: 'dance' }] }, /ops\[0\]: there is no op 'dance'/],
  [
    'a region that does not exist',
    { ops: [{ op: 'unmap', region: 'q' }] },
    /ops\[0\] \(unmap\): there is no region 'q'/,
  ],
  [
    'a field that does not exist',
    { ops: [{ op: 'guest', guest: 'g', colour: 1 }] },
    /ops\[0\] \(guest\).*'colour'/,
  ],
  [
    'regions that overlap',
    { ops: [...SCENARIO.ops.slice(0, 2), { ...SCENARIO.ops[1], region: 'q' }] },
    /overlap/,
  ],
])('%s is no scenario', async (_what, scenario, message) => {
  const { status, stdout, stderr } = await ksmd(['replay', file('bad.json', scenario)]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd()).not.toContain('\n');
});

test('a file without end is no scenario', async () => {
  const { status, stderr } = await ksmd(['replay', '/dev/zero']);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'ksmd: EINVAL: /dev/zero: larger than 64 MiB\n',
  });
});

test('a file that is not there is no scenario, and the others are played all the same', async () => {
  const missing = directory.file('missing.json');
  const { status, stdout, stderr } = await ksmd(['replay', missing, file('plain.json', SCENARIO)]);
  expect(status).toBe(2);
  expect(stdout).toMatch(/plain\.json: agrees/);
  expect(stderr).toMatch(/^ksmd: ENOENT: cannot read '[^']*missing\.json': no such file[^\n]*\n$/);
});
