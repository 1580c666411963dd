/**
 * Guests of a recording, registered: they come to what the processes themselves come to, and to
 * what the same pages come to that somebody stores by hand.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FINGERPRINT_BYTES } from '../../../../src/fingerprints/fingerprint.js';
import {
  MAPPING_ADVISED,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_MERGED,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
  type RecordingHeader,
} from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import type {
  EndRecord,
  GuestFacts,
  PagesRecord,
  SweepRecord,
} from '../../../../src/recording/records.js';
import { DaemonProcess, KSMD } from '../../../daemon-process.js';
import { GUEST, HEADER } from '../../../recording/small-recording.js';
import { until } from '../../../until.js';

const PROGRAM = fileURLToPath(new URL('./process-at-work.mjs', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
const PAGE = 4096;
const KEY_ID = HEADER.keyId;
const FIRST = 2 ** 20;

const daemons: DaemonProcess[] = [];
const pids: string[] = [];
let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await start();
});
afterEach(async () => {
  for (const pid of pids.splice(0)) process.kill(Number(pid), 'SIGKILL');
  for (const each of daemons) if ((await each.client.guests()).length > 0) await clear(each);
});
afterAll(async () => {
  for (const each of daemons) {
    expect(await each.client.check()).toEqual([]);
    expect(await each.stop()).toBe(0);
  }
});

async function start(...args: string[]): Promise<DaemonProcess> {
  const options = ['--fingerprints', '--run', '0', '--set', 'smart_scan=0', ...args];
  const started = await DaemonProcess.start(options);
  daemons.push(started);
  return started;
}

async function processes(...commands: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [PROGRAM, ...commands], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const started = String(line).trim().split(' ');
  pids.push(...started);
  return started;
}

/** Each counter, and what of each guest is present, once nothing more merges. */
async function toRest(of: DaemonProcess): Promise<object> {
  for (let i = 0; i < 4; i++) await of.client.scan(1_000_000);
  const { counters, memory } = await of.client.status();
  const guests = await of.client.guests();
  const { pages_shared, pages_sharing, pages_unshared, pages_volatile, ksm_zero_pages } = counters;
  return {
    counters: { pages_shared, pages_sharing, pages_unshared, pages_volatile, ksm_zero_pages },
    usedBytes: memory.usedBytes,
    guests: guests.map(({ presentPages, hugePages, mergesAny, registeredPages }) => ({
      ...{ presentPages, hugePages, mergesAny, registeredPages },
    })),
  };
}

let files = 0;
function newPath(): string {
  return daemon.directory.file(`host-${files++}.rec`);
}

type Told = Exclude<SweepRecord, EndRecord>;

function recorded(records: readonly Told[], header: Partial<RecordingHeader> = {}): string {
  const path = newPath();
  const writer = RecordingWriter.create(path, { ...HEADER, ...header });
  for (const record of records) writer.write(record);
  writer.endSweep({ startMs: 1000, durationMs: 5, processorMs: 3 });
  writer.close();
  return path;
}

function guest(id: number, facts: Partial<GuestFacts> = {}, pages = 4096): Told[] {
  return [
    { ...GUEST, name: `vm-${id}`, pid: 100 + id, ...facts, guest: id },
    ...[mapping(id, FIRST, pages)],
  ];
}

function mapping(id: number, page: number, pages: number, flags = MAPPING_ADVISED): Told {
  return { type: 'mapping', guest: id, page, pages, flags, node: undefined, label: '' };
}

/** Pages from the beginning of the mapping, that hold contents by these numbers. */
function pages(id: number, at: number, contents: readonly number[], marks = 0): PagesRecord {
  const where = { type: 'pages', guest: id, page: FIRST + at, pages: contents.length } as const;
  return { ...where, state: PAGE_CONTENT | marks, fingerprints: fingerprints(contents) };
}

function alike(id: number, at: number, count: number, state: number, owner?: number): PagesRecord {
  const run = { type: 'pages', guest: id, page: FIRST + at, pages: count, state } as const;
  return owner === undefined ? run : { ...run, owner };
}

/** In the sample of any size: they begin with zeroes. */
function fingerprints(contents: readonly number[]): Buffer {
  const all = Buffer.alloc(contents.length * FINGERPRINT_BYTES, 0);
  for (const [at, content] of contents.entries())
    all.writeUInt32BE(content + 1, at * FINGERPRINT_BYTES + 8);
  return all;
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

async function register(of: DaemonProcess, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await of.ksmd('register', ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Pages of zeroes, where `contents` is undefined. */
async function store(
  of: DaemonProcess,
  name: string,
  at: number,
  contents: readonly number[] | number,
): Promise<void> {
  const bytes =
    typeof contents === 'number'
      ? Buffer.alloc(contents * FINGERPRINT_BYTES)
      : fingerprints(contents);
  await of.client.storeFingerprints(name, (FIRST + at) * PAGE, KEY_ID, bytes);
}

async function map(
  of: DaemonProcess,
  name: string,
  at: number,
  count: number,
  huge = false,
): Promise<void> {
  const address = (FIRST + at) * PAGE;
  await of.client.map(name, `at-${at}`, { pages: count, address, huge });
}

async function clear(of: DaemonProcess): Promise<void> {
  for (const { name } of await of.client.guests()) await of.client.removeGuest(name);
  await toRest(of);
}

describe('processes that were captured', () => {
  const key = (): string => daemon.directory.file('key');

  /** What `register --pid` comes to, and what a recording of the same processes does. */
  async function bothWays(
    of: DaemonProcess,
    ids: readonly string[],
    ...capturing: string[]
  ): Promise<[unknown, unknown]> {
    const those = ids.flatMap((pid) => ['--pid', pid]);
    const path = newPath();
    const args = [...those, '--key', key(), '--output', path, '--duration', '0', ...capturing];
    expect(await of.ksmd('capture', ...args)).toMatchObject({ status: 0 });
    const come = async (...how: string[]): Promise<object> => {
      const said = await register(of, ...how, '--advised');
      const forked = said.match(/\d+ pages \(.*\)(?= are the same as .* since a fork$)/gm);
      return { forked, ...(await toRest(of)) };
    };
    const live = await come('live', ...those, '--key', key());
    await clear(of);
    return [live, await come('then', '--recording', path)];
  }

  let own: DaemonProcess;
  let sampled: DaemonProcess;
  beforeAll(async () => {
    own = await start();
    sampled = await start('--sample', '1/4');
  });

  test('come to what they come to themselves', async () => {
    const ids = [
      ...(await processes('advised=300', 'twins=70', 'zero=16', 'reserved=2')),
      ...(await processes('advised=300', 'many=50')),
    ];
    const [live, then] = await bothWays(own, ids);
    expect(then).toEqual(live);
    expect(then).toMatchObject({ counters: { pages_shared: 300 } });
  });

  test('as do families', async (context) => {
    if (!IS_ROOT) context.skip();
    const ids = await processes('advised=300', 'fork=2', 'rewrite=100', 'twins=64');
    const [live, then] = await bothWays(own, ids);
    expect(then).toEqual(live);
    expect(then).toMatchObject({ forked: ['200 pages (800 KiB)', '300 pages (1.1 MiB)'] });
  });

  test('and as do samples, with registered pages that are not in them', async () => {
    const ids = [...(await processes('advised=900')), ...(await processes('advised=900'))];
    const [live, then] = await bothWays(sampled, ids, '--sample', '1/4');
    expect(then).toEqual(live);
    const { guests } = then as { guests: { registeredPages: number; presentPages: number }[] };
    for (const { registeredPages, presentPages } of guests) {
      expect(registeredPages).toBe(900);
      expect(presentPages).toBeLessThan(400);
      expect(presentPages).toBeGreaterThan(100);
    }
  });
});

describe('a recording comes to what the same pages come to that are stored by hand', () => {
  test('contents, zeroes, huge pages and gaps, of two guests', async () => {
    const path = recorded([
      ...guest(1),
      pages(1, 0, numbers(0, 100)),
      alike(1, 100, 50, PAGE_ZEROES),
      // A gap that is small enough to be part of the region, and one that is not.
      pages(1, 200, numbers(50, 30)),
      pages(1, 512, numbers(1000, 400), PAGE_HUGE),
      alike(1, 912, 112, PAGE_ZEROES | PAGE_HUGE),
      pages(1, 2000, numbers(0, 10)),
      ...guest(2),
      pages(2, 0, numbers(0, 100), PAGE_MERGED),
      pages(2, 512, numbers(1000, 512), PAGE_HUGE),
    ]);
    const said = await register(daemon, '--recording', path);
    expect(said).toMatch(/^vm-1: 702 pages \(2\.7 MiB\) of process 101 \(qemu\) in 1 mapping\n/);
    expect(said).toMatch(/\nvm-2: 612 pages \(2\.3 MiB\) of process 102 \(qemu\) in 1 mapping\n/);
    expect(said).toContain('as KSM saw it: what had been advised\n');
    expect(said).toContain('  as here was at 2023-11-14T22:13:21.000Z, in sweep 1 of ');
    expect(said).toContain(`  as fingerprints, by the key ${KEY_ID}\n`);
    expect(said).toMatch(/^100 pages had been merged by the host's own KSM, /m);
    const got = await toRest(daemon);
    await clear(daemon);
    for (const name of ['a', 'b']) await daemon.client.createGuest(name);
    await map(daemon, 'a', 0, 230);
    await map(daemon, 'a', 512, 512, true);
    await map(daemon, 'a', 2000, 10);
    await store(daemon, 'a', 0, numbers(0, 100));
    await store(daemon, 'a', 100, 50);
    await store(daemon, 'a', 200, numbers(50, 30));
    await store(daemon, 'a', 512, numbers(1000, 400));
    await store(daemon, 'a', 912, 112);
    await store(daemon, 'a', 2000, numbers(0, 10));
    await map(daemon, 'b', 0, 100);
    await map(daemon, 'b', 512, 512, true);
    await store(daemon, 'b', 0, numbers(0, 100));
    await store(daemon, 'b', 512, numbers(1000, 512));
    expect(got).toEqual(await toRest(daemon));
    expect(got).toMatchObject({ counters: { pages_shared: 501 } });
  });

  test('a family, whoever of it is told first', async () => {
    const path = recorded([
      ...guest(1),
      ...guest(2),
      ...guest(3),
      // The second one's frames are the first one's too, and the third has them from there.
      pages(2, 0, numbers(0, 300)),
      alike(1, 0, 200, PAGE_SHARED, 2),
      pages(1, 300, numbers(0, 20)),
      alike(3, 0, 100, PAGE_SHARED, 1),
      pages(3, 100, numbers(100, 50)),
      alike(3, 250, 50, PAGE_SHARED, 2),
      pages(3, 3000, numbers(7, 1)),
    ]);
    const said = await register(daemon, '--recording', path);
    expect(said).toMatch(/^ {2}200 pages \(800 KiB\) are the same as vm-1's since a fork$/m);
    expect(said).toMatch(/^ {2}150 pages \(600 KiB\) are the same as vm-2's since a fork$/m);
    const { memory } = await daemon.client.status();
    expect(memory.usedBytes).toBe((200 + 20 + 100 + 50 + 1) * PAGE);
    const got = await toRest(daemon);
    await clear(daemon);
    await daemon.client.createGuest('a');
    await map(daemon, 'a', 0, 200);
    await map(daemon, 'a', 300, 20);
    await store(daemon, 'a', 0, numbers(0, 200));
    await store(daemon, 'a', 300, numbers(0, 20));
    await daemon.client.fork('a', 'b');
    const drop = (name: string, at: number, count: number): Promise<unknown> => {
      const range = { address: (FIRST + at) * PAGE, length: count * PAGE };
      return daemon.client.madvise(name, 'dontneed', range);
    };
    await daemon.client.unmap('b', 'at-300');
    await map(daemon, 'b', 200, 100);
    await store(daemon, 'b', 200, numbers(200, 100));
    await daemon.client.fork('b', 'c');
    await drop('c', 100, 150);
    await store(daemon, 'c', 100, numbers(100, 50));
    await map(daemon, 'c', 3000, 1);
    await store(daemon, 'c', 3000, numbers(7, 1));
    expect(got).toEqual(await toRest(daemon));
  });

  test('what is outside the sample is registered, and not held', async () => {
    const sampled = await start('--sample', '1/16');
    const path = recorded(
      [
        ...guest(1),
        pages(1, 0, numbers(0, 40)),
        alike(1, 40, 60, PAGE_UNSAMPLED),
        alike(1, 512, 512, PAGE_UNSAMPLED | PAGE_HUGE),
        alike(1, 1024, 1600, PAGE_ZEROES),
        ...guest(2),
        pages(2, 0, numbers(0, 40)),
      ],
      { sample: 16 },
    );
    const said = await register(sampled, '--recording', path);
    expect(said).toMatch(/^vm-1: 2,212 pages /);
    expect(said).toContain('  1 page in 16 is held; of huge pages single ones\n');
    const got = await toRest(sampled);
    await clear(sampled);
    for (const name of ['a', 'b']) await sampled.client.createGuest(name);
    await map(sampled, 'a', 0, 100);
    await map(sampled, 'a', 512, 512);
    await map(sampled, 'a', 1024, 1600);
    await store(sampled, 'a', 0, numbers(0, 40));
    await store(sampled, 'a', 1024, 1600);
    await map(sampled, 'b', 0, 40);
    await store(sampled, 'b', 0, numbers(0, 40));
    expect(got).toEqual(await toRest(sampled));
    expect(got).toMatchObject({ counters: { pages_shared: 41 } });
  });
});

test('what changes at each look is equal to nothing, and that is said', async () => {
  const path = recorded([
    ...guest(1),
    ...guest(2),
    alike(1, 0, 30, PAGE_RESTLESS),
    // Whose owner has nothing there: what it holds nobody has told.
    alike(1, 30, 5, PAGE_SHARED, 2),
    alike(2, 0, 30, PAGE_RESTLESS),
  ]);
  const said = await register(daemon, '--recording', path);
  expect(said).toMatch(
    /^ {2}of 30 pages it is not known what is in them, as they changed at each/m,
  );
  await register(daemon, 'again', '--recording', path);
  expect(await toRest(daemon)).toMatchObject({
    counters: { pages_shared: 0, pages_unshared: 130 },
  });
});

test('the last sweep counts, and of a broken file the last whole one', async () => {
  const path = newPath();
  const writer = RecordingWriter.create(path, HEADER);
  for (const record of [...guest(1), ...guest(2), pages(1, 0, numbers(0, 100))])
    writer.write(record);
  writer.endSweep({ startMs: 0, durationMs: 5, processorMs: 3 });
  for (const record of [alike(1, 10, 90, 0), pages(2, 0, numbers(0, 4))]) writer.write(record);
  writer.endSweep({ startMs: 1000, durationMs: 5, processorMs: 3 });
  writer.write(pages(2, 4, numbers(0, 50)));
  writer.endSweep({ startMs: 2000, durationMs: 5, processorMs: 3 });
  writer.close();
  truncateSync(path, writer.length - 1);
  const said = await register(daemon, '--recording', path);
  expect(said).toMatch(/^vm-1: 10 pages .*\n.*\nvm-2: 4 pages /);
  expect(said).toMatch(/ in sweep 2 of /);
  expect(said).toMatch(/^ {2}what comes after that sweep is left out: it breaks off at byte /m);
});

test('a time and a name that nobody can have are told as ones that somebody can', async () => {
  const facts = { name: 'a/\u001b[31m', comm: 'b\u001b[31m' };
  const path = recorded([...guest(1, facts), pages(1, 0, [1])], { startedAtMs: 8.64e15 });
  const said = await register(daemon, '--recording', path);
  expect(said).toMatch(/^a-31m: 1 page \(4 KiB\) of process 101 \(b\\u001b\[31m\) in 1 mapping\n/);
  expect(said).toContain('  as here was at +275760-09-13T00:00:00.000Z, in sweep 1 of ');
});

describe('which guests, and what of them', () => {
  const host = (): string =>
    recorded(
      [
        ...guest(1, { comm: 'node' }),
        mapping(1, FIRST + 4096, 4096, 0),
        pages(1, 0, numbers(0, 10)),
        pages(1, 4096, numbers(0, 30)),
        { type: 'numbers', guest: 1, values: [2 ** 30, 3 * 2 ** 20, 2 ** 20] },
        { ...GUEST, guest: 2, name: 'silent', pid: 9, comm: 'fire cracker' },
        mapping(2, FIRST, 4096, 0),
        pages(2, 0, numbers(0, 5)),
        { ...GUEST, guest: 3, name: 'image one', pid: 0, comm: 'raw image' },
        mapping(3, 0, 64),
        { ...pages(3, 0, numbers(0, 6)), page: 0 },
      ],
      { guestNumbers: ['rss', 'swap', 'not advised'] },
    );

  test('what somebody had advised counts, where anybody had, and what is left out is told', async () => {
    const said = await register(daemon, '--recording', host());
    expect(said).toMatch(/^vm-1: 10 pages \(40 KiB\) of process 101 \(node\) in 1 mapping\n/);
    expect(said).toMatch(/^image-one: 6 pages \(24 KiB\) of raw image in 1 mapping\n/m);
    expect(said).toContain('\nsilent: left out, as it has advised nothing that was present: --all');
    expect(said).toMatch(/^GUEST +REGISTERED +ADVISED +LEFT OUT: SWAP +NOT ADVISED$/m);
    expect(said).toMatch(/^vm-1 +40 KiB +40 KiB +3 MiB +1\.1 MiB$/m);
    const [image] = (await daemon.client.guest('image-one')).regions;
    expect(image).toMatchObject({ address: 0x100000000, pages: 6 });
  });

  test('--all takes the rest, as if all had been advised', async () => {
    const said = await register(daemon, 'host', '--recording', host(), '--all');
    expect(said).toMatch(/^host-101: 40 pages \(160 KiB\) of process 101 \(node\) in 2 mappings\n/);
    expect(said).toMatch(
      /as if prctl\(PR_SET_MEMORY_MERGE\) had been set: it had advised nothing\n/,
    );
    const names = (await daemon.client.guests()).map(({ name }) => name);
    expect(names).toEqual(['host-101', 'host-9', 'host-image-one']);
  });

  test('a pattern says what they are called, and a name what a single one is', async () => {
    await register(daemon, '--name', '{comm}-{pid}', '--all', '--recording', host());
    await register(daemon, 'only', '--recording', recorded([...guest(1), pages(1, 0, [1])]));
    const names = (await daemon.client.guests()).map(({ name }) => name);
    expect(names).toEqual(['node-101', 'fire-cracker-9', 'raw-image-0', 'only']);
  });

  test('PR_SET_MEMORY_MERGE and nodes are taken over', async () => {
    const path = recorded([
      ...guest(1, { mergesAny: true }),
      { type: 'mapping', guest: 1, page: FIRST, pages: 10, flags: 0, node: 1, label: '' },
      pages(1, 0, numbers(0, 10)),
      ...guest(2, { isPinned: true }),
      alike(2, 0, 10, PAGE_SHARED, 1),
    ]);
    const said = await register(daemon, '--recording', path);
    expect(said).toContain(
      '  a device had access to its memory (VFIO): KSM can merge none of it\n',
    );
    const [one, two] = await daemon.client.guests();
    expect([one?.mergesAny, two?.mergesAny]).toEqual([true, false]);
    expect((await daemon.client.guest('vm-1')).regions[0]?.node).toBe(1);
  });
});

test('--node places what the recording does not, in forks too', async () => {
  const path = recorded([
    ...guest(1, {}, 10),
    {
      ...{ type: 'mapping', guest: 1, page: FIRST + 512, pages: 10 },
      ...{ flags: MAPPING_ADVISED, node: 1, label: '' },
    },
    pages(1, 0, numbers(0, 10)),
    pages(1, 512, numbers(10, 10)),
    ...guest(2, {}, 10),
    alike(2, 0, 10, PAGE_SHARED, 1),
  ]);
  await register(daemon, '--recording', path, '--node', '2');
  const one = await daemon.client.guest('vm-1');
  expect(one.node).toBe(2);
  expect(one.regions.map(({ node }) => node)).toEqual([undefined, 1]);
  expect((await daemon.client.guest('vm-2')).node).toBe(2);
  for (const name of ['vm-1', 'vm-2']) await daemon.client.removeGuest(name);
});

describe('is refused, and nothing is left of it', () => {
  afterEach(async () => {
    expect(await daemon.client.guests()).toEqual([]);
  });

  test.each([
    ['bytes', [], {}, /holds bytes .*: 'ksmd start --fingerprints' starts one that takes it\n$/],
    [
      'a sample, where the recording is of all',
      ['--fingerprints', '--sample', '1/16'],
      {},
      /holds 1 page in 16, and the recording has all pages: 'ksmd start --fingerprints' starts/,
    ],
    [
      'all, where the recording is of a sample',
      ['--fingerprints'],
      { sample: 64 },
      /holds all pages, and the .* 1 page in 64: 'ksmd start --fingerprints --sample 1\/64' starts/,
    ],
    ['pages of another size', ['--fingerprints'], { pageSize: 16384 }, /4096 bytes.* of 16384\n/],
  ] as const)('by a daemon that holds %s', async (_what, args, header, sentence) => {
    const other = await DaemonProcess.start(['--run', '0', ...args]);
    const path = recorded([...guest(1), pages(1, 0, numbers(0, 10))], header);
    const { status, stderr } = await other.ksmd('register', '--recording', path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ksmd: EINVAL: /);
    expect(stderr).toMatch(sentence);
    expect(await other.client.guests()).toEqual([]);
    expect(await other.stop()).toBe(0);
  });

  test('of another key than pages are that are there', async () => {
    const records = [...guest(1), pages(1, 0, numbers(0, 10))];
    await register(daemon, '--recording', recorded(records));
    const other = recorded(records, { keyId: 'fedcba9876543210' });
    expect(await daemon.ksmd('register', 'x', '--recording', other)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/by the key 0123456789abcdef, and the recording's by fedcba98/),
    });
    await daemon.client.removeGuest('vm-1');
  });

  test.each([
    ['no recording', () => writeFileSync(lastPath(), 'KSMDREC'), /EINVAL: .* is no recording/],
    [
      'no whole sweep',
      () => RecordingWriter.create(lastPath(), HEADER).close(),
      /ENODATA: .* has no whole sweep: capture it for longer/,
    ],
    [
      'its only sweep cut',
      () => {
        const path = recorded([...guest(1), pages(1, 0, [1])]);
        truncateSync(path, statSync(path).size - 3);
        return path;
      },
      /ENODATA: .* has no whole sweep: it breaks off at byte \d+ of \d+/,
    ],
    [
      'nothing that is present',
      () => recorded(guest(1)),
      /EINVAL: no guest of .* has anything but advised nothing that was present/,
    ],
  ] as const)('that has %s', async (_what, make, sentence) => {
    const made = make();
    const path = typeof made === 'string' ? made : lastPath();
    expect(await daemon.ksmd('register', '--recording', path)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(sentence),
    });
    files++;
  });

  test.each([
    ['--key', 'k'],
    ['--huge'],
    ['--address', '4096'],
    ['--pid', '1'],
    ['x', '--name', '{pid}'],
    ['--all', '--advised'],
  ])('with %s %s', async (...args) => {
    const path = recorded([...guest(1), pages(1, 0, [1])]);
    const { status } = await daemon.ksmd('register', '--recording', path, ...args);
    expect(status).toBe(2);
  });

  test('two guests of one name, the first one too', async () => {
    const path = recorded([...guest(1), pages(1, 0, [1]), ...guest(2), pages(2, 0, [2])]);
    expect(await daemon.ksmd('register', '--name', '{comm}', '--recording', path)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^ksmd: EINVAL: two of them would be the guest .*--name '\{name\}-\{pid\}'/,
      ),
    });
  });

  test('when there is no room half way', async () => {
    const path = recorded([1, 2, 3].flatMap((id) => [...guest(id, {}, 2 ** 22), ...large(id)]));
    expect(await daemon.ksmd('register', '--recording', path)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^ksmd: ENOSPC: no room /),
    });
  });

  test('at Ctrl-C', async () => {
    const path = recorded([1, 2].flatMap((id) => [...guest(id, {}, 2 ** 22), ...large(id)]));
    const args = [KSMD, 'register', '--recording', path, '--socket', daemon.socketPath];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    await until('the second is on its way', async () => {
      return (await daemon.client.guests()).length === 2;
    });
    daemon.child.kill('SIGSTOP');
    child.kill('SIGINT');
    daemon.child.kill('SIGCONT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });

  /** Of three there is no room for the last one. */
  function large(id: number): PagesRecord[] {
    return Array.from({ length: 70 }, (_, at) =>
      pages(id, at * 4096, numbers((id * 70 + at) * 4096, 4096)),
    );
  }
});

function lastPath(): string {
  return daemon.directory.file(`host-${files}.rec`);
}
