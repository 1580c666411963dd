/**
 * Huge pages and forks in snapshots: a host comes back with the same page tables and goes on alike;
 * and the host that a snapshot is taken of goes on as if none were.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { PTE_FRAME } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import { PAGE } from '../ksm/bench-host.js';
import { PlainHost, type Step, step } from '../ksm/plain-host.js';
import { Directory, snapshotOf, visibleIn } from './files.js';
import { memoryOf, pageTables } from './page-tables.js';

const directory = new Directory();
afterAll(() => directory.remove());

const KERNELS = ['6.1', '6.12', '6.18'] as const;
const FRAMES = 20_000;
const ROOM = { memoryBytes: FRAMES * PAGE, guestPages: 30_000 };

/** What a guest does to its memory; not what comes to another end once entries run short. */
function isAccess({ do: what }: Step): boolean {
  return what === 'store' || what === 'fill' || what === 'madvise' || what === 'load';
}

/** What guests do, and no scan: a KSM page that a snapshot holds is one for so much longer. */
function isGuests({ do: what }: Step): boolean {
  return what !== 'scan' && what !== 'set';
}

function begun(kernel: ProfileName, usesZeroPages: boolean): PlainHost {
  const plain = new PlainHost({ kernel, nodes: 1, frames: FRAMES, huge: true });
  if (usesZeroPages) plain.host.files.set('use_zero_pages', 1);
  plain.take({ do: 'create', node: 0 });
  plain.take({ do: 'create', node: 0 });
  plain.take({ do: 'register', guest: 0, place: 0, pages: 10, mergeable: true });
  plain.take({ do: 'register', guest: 1, place: 0, pages: 10, mergeable: true });
  return plain;
}

const steps = (minLength: number, maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(step, { minLength, maxLength, size: 'max' });

describe.each(KERNELS)('Linux %s', (kernel) => {
  test('any host comes back with its page tables, and goes on as it would have', () => {
    fc.assert(
      fc.property(steps(10, 50), steps(5, 20), fc.boolean(), (before, after, usesZeroPages) => {
        const plain = begun(kernel, usesZeroPages);
        const { host } = plain;
        for (const each of before) plain.take(each);
        const file = snapshotOf(host);
        expect(checkHost(host)).toEqual([]);

        const restored = directory.restore(file, ROOM);
        expect(checkHost(restored)).toEqual([]);
        expect(pageTables(restored)).toEqual(pageTables(host));
        expect(visibleIn(restored)).toEqual(visibleIn(host));
        expect(memoryOf(restored)).toEqual(memoryOf(host));
        expect(restored.machine.frames.used).toBe(host.machine.frames.used);
        expect(restored.files.counters().ksm_zero_pages).toBe(host.files.counters().ksm_zero_pages);
        // What it was restored from, it gives again.
        expect(pageTables(directory.restore(snapshotOf(restored), ROOM))).toEqual(pageTables(host));

        const other = plain.on(restored);
        for (const each of after.filter(isAccess)) {
          plain.take(each);
          other.take(each);
        }
        expect(pageTables(restored)).toEqual(pageTables(host));

        // In which order pages are met again depends on what a scanner remembers of them.
        for (const each of [plain, other]) {
          for (let scan = 0; scan < 4; scan++) each.take({ do: 'scan', pages: 5000 });
          expect(checkHost(each.host)).toEqual([]);
          each.assertBytes();
        }
      }),
      { numRuns: 25, interruptAfterTimeLimit: 40_000 },
    );
  });

  test('a host of which a snapshot is being sent goes on as one of which there is none', () => {
    fc.assert(
      fc.property(steps(10, 40), steps(10, 40), (before, during) => {
        const plain = begun(kernel, false);
        const other = begun(kernel, false);
        for (const each of before) for (const host of [plain, other]) host.take(each);
        const seen = visibleIn(other.host);
        const chunks: Uint8Array[] = [];
        const sent = Snapshot.take(other.host).chunks();
        for (const each of during.filter(isGuests)) {
          for (const host of [plain, other]) host.take(each);
          const { value } = sent.next();
          if (value !== undefined) chunks.push(value);
          expect(checkHost(other.host)).toEqual([]);
          expect(pageTables(other.host)).toEqual(pageTables(plain.host));
          expect(other.host.files.counters()).toEqual(plain.host.files.counters());
        }
        for (const chunk of sent) chunks.push(chunk);
        other.assertBytes();
        expect(other.host.machine.frames.used).toBe(plain.host.machine.frames.used);
        expect(visibleIn(directory.restore(Buffer.concat(chunks), ROOM))).toEqual(seen);
      }),
      { numRuns: 15, interruptAfterTimeLimit: 40_000 },
    );
  });

  test('a store to a huge page that only a snapshot holds leaves it huge', () => {
    const host = Host.create({ ...ROOM, pageSize: PAGE, kernel }, new ManualClock());
    host.createGuest('a');
    const { address } = host.map('a', 'h', 1024, { huge: true });
    const write = (page: number): void =>
      host.memory.store('a', address + page * PAGE, new Uint8Array(PAGE).fill(9));
    write(0);
    write(600);
    // Of the second, pages are mapped one by one, and still parts of a huge page.
    host.madvise('a', address + 1000 * PAGE, PAGE, 'dontneed');
    const before = pageTables(host);
    const snapshot = Snapshot.take(host);
    write(3);
    write(603);
    expect(pageTables(host)).toEqual(before);
    expect(host.machine.frames.used).toBe(1023 + 2);
    expect(checkHost(host)).toEqual([]);
    const file = Buffer.concat([...snapshot.chunks()]);
    expect(host.machine.frames.used).toBe(1023);
    write(4);
    expect(pageTables(host)).toEqual(before);
    expect(checkHost(host)).toEqual([]);
    const restored = directory.restore(file, ROOM);
    expect(pageTables(restored)).toEqual(before);
    const page = new Uint8Array(1);
    restored.memory.load('a', address + 3 * PAGE, page);
    expect(page).toEqual(Uint8Array.of(0));
  });

  test('pages that a snapshot holds are collapsed as others are', () => {
    const host = Host.create({ ...ROOM, pageSize: PAGE, kernel }, new ManualClock());
    host.createGuest('a');
    const { address } = host.map('a', 'h', 512, { huge: true });
    host.memory.store('a', address, Uint8Array.of(9));
    host.madvise('a', address, PAGE, 'dontneed');
    expect(host.guests.hugePages('a')).toBe(0);
    const snapshot = Snapshot.take(host);
    host.madvise('a', address, 512 * PAGE, 'collapse');
    expect(host.guests.hugePages('a')).toBe(1);
    expect(checkHost(host)).toEqual([]);
    const restored = directory.restore(Buffer.concat([...snapshot.chunks()]), ROOM);
    expect(restored.guests.hugePages('a')).toBe(0);
    restored.madvise('a', address, 512 * PAGE, 'collapse');
    expect(restored.guests.hugePages('a')).toBe(1);
    expect(checkHost(host)).toEqual([]);
  });
});

describe.each(KERNELS)('huge pages of twins, and a fork of one, Linux %s', (kernel) => {
  /** Two guests with two huge pages each, some pages of which are twins; and the child of one. */
  function twins(): Host {
    const host = Host.create({ ...ROOM, pageSize: PAGE, kernel }, new ManualClock());
    for (const name of ['a', 'b']) {
      host.createGuest(name);
      const { address } = host.map(name, 'h', 1024, { huge: true });
      for (let page = 0; page < 1024; page++) {
        const content = new DataView(new ArrayBuffer(PAGE));
        const isTwin = page < 520 && page % 7 === 0;
        content.setUint32(0, (isTwin ? page : page + (name === 'a' ? 1e6 : 2e6)) + 1);
        host.memory.store(name, address + page * PAGE, new Uint8Array(content.buffer));
      }
    }
    host.fork('a', 'c');
    return host;
  }

  test.each([0, 1, 2, 3])(
    'scanned %i times before, are split, merged and counted alike',
    (scans) => {
      const host = twins();
      for (let scan = 0; scan < scans; scan++) host.ksm.scan(5000);
      const restored = directory.restore(snapshotOf(host), ROOM);
      const told = (of: Host): unknown => {
        const { pages_shared, pages_sharing, stable_node_chains } = of.files.counters();
        return { pages_shared, pages_sharing, stable_node_chains, memory: memoryOf(of) };
      };
      expect(told(restored)).toEqual(told(host));
      for (const each of [host, restored]) {
        if (each.profile.smartScan) each.files.set('smart_scan', 0);
        for (let scan = 0; scan < 4; scan++) each.ksm.scan(5000);
      }
      expect(told(restored)).toEqual(told(host));
      expect(host.files.counters().pages_sharing).toBeGreaterThan(70);
      expect(['a', 'b', 'c'].map((name) => host.guests.hugePages(name))).toEqual([0, 0, 0]);
    },
  );
});

test('a KSM page that no stable tree has comes back as one', () => {
  const host = Host.create({ ...ROOM, pageSize: PAGE }, new ManualClock());
  host.createGuest('a');
  const { address } = host.map('a', 'r', 2);
  host.memory.store('a', address, new Uint8Array(2 * PAGE).fill(1));
  host.fork('a', 'b');
  // As a merge leaves it that is given up half way.
  const { frames, memory } = host.machine;
  frames.own(memory.i32[host.guests.firstSlot('a', 'r') + PTE_FRAME]);
  const restored = directory.restore(snapshotOf(host), ROOM);
  expect(pageTables(restored)).toEqual(pageTables(host));
  expect(pageTables(host)).toMatchObject([{ pages: 'm0k m1' }, { pages: 'm0k m1' }]);
  expect(restored.files.counters().pages_shared).toBe(0);
  expect(checkHost(restored)).toEqual([]);
});

test('a KSM page whose listed pages are gone is in the tree for those that a fork has', () => {
  const host = Host.create({ ...ROOM, pageSize: PAGE }, new ManualClock());
  host.createGuest('a');
  const { address } = host.map('a', 'r', 2);
  for (const page of [0, 1])
    host.memory.store('a', address + page * PAGE, new Uint8Array(PAGE).fill(1));
  for (let scan = 0; scan < 3; scan++) host.ksm.scan(5000);
  host.fork('a', 'b');
  host.unmap('a', 'r');
  const restored = directory.restore(snapshotOf(host), ROOM);
  expect(pageTables(restored)).toEqual(pageTables(host));
  expect(checkHost(restored)).toEqual([]);
  restored.ksm.scan(5000);
  expect(restored.files.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 1 });
  expect(checkHost(restored)).toEqual([]);
});

test('counts that a fork has inherited come back, and the order in which khugepaged goes', () => {
  const host = Host.create({ ...ROOM, pageSize: PAGE, kernel: '6.1' }, new ManualClock());
  for (const [name, content] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    host.createGuest(name);
    const { address } = host.map(name, 'h', 512, { huge: true });
    if (name === 'b') host.memory.store(name, address, Uint8Array.of(content));
  }
  for (let scan = 0; scan < 2; scan++) host.ksm.scan(5000);
  host.fork('b', 'c');
  const told = (of: Host) => of.files.guestCounters('c').ksm_rmap_items;
  expect(told(host)).toBe(512);
  const restored = directory.restore(snapshotOf(host), ROOM);
  expect(told(restored)).toBe(512);
  const places = (of: Host): unknown => {
    const header = Snapshot.take(of).header;
    return header.guests.map(({ name, khugepaged }) => [name, khugepaged]);
  };
  expect(places(host)).toEqual([
    ['a', undefined],
    ['b', 1],
    ['c', 2],
  ]);
  expect(places(restored)).toEqual(places(host));
});
