/**
 * Recording the running kernel: guests that do what they are told, what is resident of them, and
 * settings that are put back.
 *
 * Whatever uses KSM beside a recording spoils it, and it spoils that: the kernel itself is asked
 * only with KSMD_RUNNING_KERNEL=1.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { profileOf } from '../../src/conformance/player.js';
import { type Op, parseScenario } from '../../src/conformance/scenario.js';
import { verify } from '../../src/conformance/verify.js';
import { type Guest, Guests } from '../../tools/record/guests.js';
import { SYSFS } from '../../tools/record/kernel-at-hand.js';
import { residentIn } from '../../tools/record/resident.js';
import { Settings } from '../../tools/record/settings.js';
import { run } from '../daemon-process.js';

const PAGE = 4096;
const AT = 0x100000000;
const RECORD = fileURLToPath(new URL('../../tools/record.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'ksmd-record-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a guest', () => {
  let guests: Guests;
  let started: Guest[] = [];
  beforeAll(async () => {
    guests = await Guests.open();
  });
  afterEach(async () => {
    for (const guest of started) await guest.end();
    started = [];
  });
  afterAll(() => guests.close());
  const start = async (): Promise<Guest> => {
    const guest = await guests.start();
    started.push(guest);
    return guest;
  };

  test('has resident what it has written, and no more once that is unmapped', async () => {
    const guest = await start();
    await guest.map(AT, 8 * PAGE, false);
    expect(guest.resident()).toEqual({ rss: 0, huge: 0 });
    await guest.write(AT + PAGE, new Uint8Array(3 * PAGE).fill(7));
    expect(guest.resident()).toEqual({ rss: 3, huge: 0 });
    await guest.advise(AT, 2 * PAGE, 'dontneed');
    expect(guest.resident()).toEqual({ rss: 2, huge: 0 });
    await guest.unmap(AT, 8 * PAGE);
    expect(guest.resident()).toEqual({ rss: 0, huge: 0 });
  });

  test('forks, and its child has all of it for itself', async () => {
    const parent = await start();
    await parent.map(AT, 4 * PAGE, false);
    await parent.write(AT, new Uint8Array(2 * PAGE).fill(7));
    const child = await parent.fork();
    started.push(child);
    expect(child.pid).not.toBe(parent.pid);
    expect(child.resident()).toEqual({ rss: 2, huge: 0 });
    await child.write(AT + 2 * PAGE, new Uint8Array(PAGE).fill(8));
    expect([parent.resident().rss, child.resident().rss]).toEqual([2, 3]);
    await parent.end();
    started.shift();
    await child.write(AT + 3 * PAGE, new Uint8Array(PAGE).fill(8));
    expect(child.resident().rss).toBe(4);
  });

  test('looks at what is there, and brings nothing in; what it is made of besides stays', async () => {
    const guest = await start();
    const besides = guest.otherMappings();
    expect(besides).toBeGreaterThan(3);
    await guest.map(AT, 8 * PAGE, false);
    await guest.write(AT + PAGE, new Uint8Array(3 * PAGE).fill(7));
    await guest.look();
    expect(guest.resident()).toEqual({ rss: 3, huge: 0 });
    expect(guest.otherMappings()).toBe(besides);
  });

  test('tells what the kernel refuses: a mapping twice, a huge page where there is no room', async () => {
    const guest = await start();
    await guest.map(AT, 4 * PAGE, false);
    await expect(guest.map(AT, PAGE, false)).rejects.toThrow('a guest cannot map: EEXIST');
    expect(await guest.advise(AT, 4 * PAGE, 'collapse')).toBe('EINVAL');
    expect(await guest.advise(AT, 4 * PAGE, 'dontneed')).toBeUndefined();
  });
});

test('what is resident is counted of the mappings asked for', () => {
  const smaps = [
    '80000000-80400000 rw-p 00000000 00:00 0 ',
    'Rss:                3072 kB',
    'AnonHugePages:      2048 kB',
    'VmFlags: rd wr mr mw me ac sd hg mg ',
    '90000000-90001000 rw-p 00000000 00:00 0 ',
    'Rss:                   4 kB',
    'AnonHugePages:         0 kB',
    '7ffd1000-7ffd3000 rw-p 00000000 00:00 0                          [stack]',
    'Rss:                   8 kB',
  ].join('\n');
  expect(residentIn(smaps, (at) => at < 0x90000001, PAGE)).toEqual({ rss: 771, huge: 1 });
  expect(residentIn(smaps, (at) => at === 0x90000000, PAGE)).toEqual({ rss: 1, huge: 0 });
  expect(residentIn(smaps, () => false, PAGE)).toEqual({ rss: 0, huge: 0 });
});

test('settings are put back as they were first, the last one written first', () => {
  writeFileSync(join(folder, 'run'), '1\n');
  writeFileSync(join(folder, 'enabled'), 'always [madvise] never\n');
  const settings = new Settings(folder);
  settings.write('run', 2);
  settings.write('run', 0);
  settings.write('enabled', 'never');
  expect([settings.read('run'), settings.read('enabled')]).toEqual(['0', 'never']);
  settings.putBack();
  expect([settings.read('run'), settings.read('enabled')]).toEqual(['1', 'madvise']);
  expect([settings.has('run'), settings.has('walk')]).toEqual([true, false]);
});

describe.skipIf(process.env.KSMD_RUNNING_KERNEL !== '1')('the running kernel', () => {
  const HUGE: Op[] = [
    { op: 'guest', guest: 'a' },
    { op: 'region', guest: 'a', region: 'r', addr: '0x100000000', pages: 1100, huge: true },
    { op: 'fill', region: 'r', count: 900, content: 'rand', arg: 1, step: 1 },
    { op: 'fill', region: 'r', page: 600, count: 3, content: 'rand', arg: 1, step: 1 },
    { op: 'scan', pages: 5000, times: 3 },
    { op: 'madvise', region: 'r', advice: 'collapse' },
    { op: 'madvise', region: 'r', page: 1030, count: 60, advice: 'collapse' },
    { op: 'store', region: 'r', page: 5, offset: 16, value: 7 },
    { op: 'scan', pages: 5000, times: 2 },
  ];
  const FORK: Op[] = [
    { op: 'guest', guest: 'a' },
    { op: 'region', guest: 'a', region: 'r', addr: '0x100000000', pages: 40 },
    { op: 'fill', region: 'r', count: 30, content: 'rand', arg: 1, step: 1 },
    { op: 'fill', region: 'r', page: 20, count: 3, content: 'rand', arg: 1, step: 1 },
    { op: 'fork', guest: 'a', child: 'b' },
    { op: 'scan', pages: 100, times: 3 },
    { op: 'store', region: 'r@b', page: 5, offset: 16, value: 7 },
    { op: 'fork', guest: 'b', child: 'c' },
    { op: 'scan', pages: 500, times: 2 },
    { op: 'unmap', region: 'r@b@c' },
    { op: 'exit', guest: 'a' },
    { op: 'scan', pages: 500 },
  ];

  const settings = new Settings(SYSFS);
  const files = ['run', 'sleep_millisecs', 'pages_to_scan', 'smart_scan', 'max_page_sharing'];
  const known = (): string[] =>
    files.filter((file) => settings.has(file)).map((file) => settings.read(file));

  test.each([
    ['huge pages', HUGE, /"huge":2/],
    ['forks', FORK, /"c":{"rss":30,/],
  ])('does with %s what ksmd does, and is left as it was', async (what, ops, told) => {
    const before = known();
    const file = join(folder, `${what}.json`);
    writeFileSync(file, JSON.stringify({ ops }));
    const { status, stdout, stderr } = await run(process.execPath, [
      '--import',
      'tsx',
      RECORD,
      file,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const recorded = parseScenario(stdout);
    const { difference, compared } = verify(recorded, profileOf(recorded));
    expect(difference).toBeUndefined();
    expect(compared).toBeGreaterThan(50);
    expect(stdout).toMatch(told);
    expect(known()).toEqual(before);
  });
});
