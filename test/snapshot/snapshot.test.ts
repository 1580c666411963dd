/**
 * A snapshot of a host, and the host that comes of it: the same guests, bytes, advice, sharing and
 * tunables; and nothing is left of it in the first.
 */

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { CTL_COW_BREAKS, PTE_MERGEABLE, PTE_STATE, SLOT_WORDS } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { countForkSharing, families } from '../../src/inspect/fork-sharing.js';
import { savings } from '../../src/inspect/savings.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { KERNEL_PROFILES } from '../../src/ksm/kernels.js';
import { finish, PAGES_A_STEP } from '../../src/machine/long-work.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import { BenchHost, PAGE, times } from '../ksm/bench-host.js';
import { PlainHost, step } from '../ksm/plain-host.js';
import { Directory, numaNodesIn, snapshotOf, visibleIn } from './files.js';

const directory = new Directory();
afterAll(() => directory.remove());

function mergeable(host: Host, guest: string, region: string): boolean[] {
  const first = host.guests.firstSlot(guest, region);
  const { pages } = host.guests.regionOf(guest, region);
  return Array.from(
    { length: pages },
    (_, page) =>
      (host.machine.memory.i32[first + page * SLOT_WORDS + PTE_STATE] & PTE_MERGEABLE) !== 0,
  );
}

describe.each(KERNEL_PROFILES.map(({ name }) => name))('Linux %s', (kernel) => {
  test('any host comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
        const plain = new PlainHost({ kernel, nodes: 2, frames: 200 });
        const { host } = plain;
        plain.take({ do: 'create', node: 0 });
        plain.take({ do: 'create', node: 1 });
        plain.take({ do: 'register', guest: 0, place: 0, pages: 12, mergeable: true });
        plain.take({ do: 'register', guest: 1, place: 0, pages: 12, mergeable: true });
        for (const each of steps) plain.take(each);
        const tunables = host.files.tunables();
        const file = snapshotOf(host);
        expect(checkHost(host)).toEqual([]);

        const restored = directory.restore(file);
        expect(checkHost(restored)).toEqual([]);
        expect(visibleIn(restored)).toEqual(visibleIn(host));
        expect(numaNodesIn(restored)).toEqual(numaNodesIn(host));
        expect(restored.machine.frames.used).toBe(host.machine.frames.used);
        expect(restored.files.counters().ksm_zero_pages).toBe(host.files.counters().ksm_zero_pages);
        // Whoever had everything unmerged would not have that happen again.
        expect(restored.files.tunables()).toEqual(
          tunables.run === 2 ? { ...tunables, run: 0 } : tunables,
        );
        for (const name of host.guests.names()) {
          for (const region of host.guests.regionsOf(name))
            expect(mergeable(restored, name, region.name)).toEqual(
              mergeable(host, name, region.name),
            );
        }

        // Both go on alike: scanned to the end and written, guests see the same.
        for (let scan = 0; scan < 4; scan++) {
          host.ksm.scan(5000);
          restored.ksm.scan(5000);
        }
        expect(visibleIn(restored)).toEqual(visibleIn(host));
        expect(checkHost(restored)).toEqual([]);
        plain.assertBytes();
      }),
      { numRuns: 40 },
    );
  });
});

test('it says how long the file is, and that is about as long as the frames in use', () => {
  const bench = new BenchHost();
  bench.guest('a', [...times(100, 1), 2, 3]);
  bench.fullScans(4);
  const snapshot = Snapshot.take(bench.host);
  const file = Buffer.concat([...snapshot.chunks()]);
  expect(file.length).toBe(snapshot.byteLength);
  expect(bench.host.machine.frames.used).toBe(3);
  expect(snapshot.header.frames).toBe(3);
  expect(directory.restore(file, { memoryBytes: 3 * PAGE }).machine.frames.used).toBe(3);
});

test('what guests write while it is sent is not in it', () => {
  const bench = new BenchHost('6.18', 2000);
  bench.guest('a', [1, 1, 1, 2, 3]);
  bench.guest('b', [4, 5]);
  bench.fullScans(3);
  const before = visibleIn(bench.host);
  const chunks: Uint8Array[] = [];
  for (const chunk of Snapshot.take(bench.host).chunks()) {
    chunks.push(chunk);
    for (let page = 0; page < 5; page++) bench.put('a', page, 100 + chunks.length);
    bench.host.memory.store('b', PAGE + 3, Uint8Array.of(9));
    bench.host.madvise('b', 2 * PAGE, PAGE, 'dontneed');
    bench.fullScans(1);
    expect(checkHost(bench.host)).toEqual([]);
  }
  expect(visibleIn(directory.restore(Buffer.concat(chunks)))).toEqual(before);
  expect(bench.contents('a')).toEqual(times(5, 100 + chunks.length));
  expect(checkHost(bench.host)).toEqual([]);
});

describe('nothing is held once the reader has gone', () => {
  test.each([0, 1, 2, 3, 4])('after %i chunks', (count) => {
    const bench = new BenchHost();
    bench.guest('a', [1, 1, 2, 3]);
    bench.fullScans(3);
    const chunks = Snapshot.take(bench.host).chunks();
    for (let taken = 0; taken < count; taken++) expect(chunks.next().done).toBe(false);
    expect(checkHost(bench.host)).toEqual([]);
    chunks.return?.();
    expect(chunks.next().done).toBe(true);
    expect(bench.host.machine.pinned.size).toBe(0);
    for (let page = 0; page < 4; page++) bench.put('a', page, 7);
    bench.host.madvise('a', PAGE, 4 * PAGE, 'dontneed');
    expect(bench.host.machine.frames.used).toBe(0);
    expect(checkHost(bench.host)).toEqual([]);
  });
});

test('frames are given back in slices, and between two all counts agree', () => {
  const sizes = { memoryBytes: 4000 * PAGE, pageSize: PAGE, guestPages: 2000 };
  const host = Host.create(
    { ...sizes, maxGuests: 1, maxRegions: 1, kernel: '6.18' },
    new ManualClock(),
  );
  host.createGuest('a');
  host.map('a', 'r', 2000, { address: PAGE });
  host.memory.store('a', PAGE, new Uint8Array(2000 * PAGE).fill(1));
  const snapshot = Snapshot.take(host);
  host.madvise('a', PAGE, 2000 * PAGE, 'dontneed');
  const held: number[] = [];
  for (const _ of snapshot.giveUpInSlices()) {
    expect(checkHost(host)).toEqual([]);
    held.push(host.machine.frames.used);
  }
  const steps = Math.ceil(2000 / PAGES_A_STEP);
  expect(held).toEqual(Array.from({ length: steps }, (_, step) => 2000 - step * PAGES_A_STEP));
  expect(host.machine.frames.used).toBe(0);
  expect(host.machine.pinned.size).toBe(0);
});

test('pages written after a snapshot are written in place again, at no frame more', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3]);
  snapshotOf(bench.host);
  bench.put('a', 0, 9);
  expect(bench.host.machine.frames.used).toBe(3);
  expect(checkHost(bench.host)).toEqual([]);
});

test('a page that a snapshot write-protected is no merged one: to unmerge gives it no other frame', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3]);
  snapshotOf(bench.host);
  const [region] = bench.host.guests.regionsOf('a');
  const breaks = (): number => bench.host.machine.memory.i32[CTL_COW_BREAKS];
  const before = breaks();
  bench.host.madvise('a', region?.address ?? 0, 3 * PAGE, 'unmergeable');
  expect(breaks()).toBe(before);
  expect(checkHost(bench.host)).toEqual([]);
});

test('what a fork shares is known again, merged or not, and what KSM saves beside it', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.host.files.set('max_page_sharing', 3);
  bench.guest('parent', [1, 1, 2, 3, 0, 0]);
  for (const child of ['one', 'two']) bench.host.fork('parent', child);
  bench.put('one', 3, 7);
  bench.fullScans(4);
  const saved = (host: Host): number =>
    savings(host, finish(countForkSharing(host, families(host))) ?? 0).pages;
  const restored = directory.restore(snapshotOf(bench.host));
  expect(saved(bench.host)).toBeGreaterThan(0);
  expect(saved(restored)).toBe(saved(bench.host));
  expect(checkHost(restored)).toEqual([]);
  // The next fork is none of those before.
  for (const host of [bench.host, restored]) {
    host.fork('one', 'late');
    host.memory.store('parent', PAGE, Buffer.alloc(PAGE, 5));
  }
  expect(saved(restored)).toBe(saved(bench.host));
});

test('a max_page_sharing below the default, with pages shared to it', () => {
  const bench = new BenchHost();
  bench.host.files.set('max_page_sharing', 3);
  bench.guest('a', times(10, 1));
  bench.fullScans(6);
  expect(
    bench.counters('pages_shared', 'pages_sharing', 'stable_node_chains', 'stable_node_dups'),
  ).toEqual([3, 6, 1, 3]);
  const restored = directory.restore(snapshotOf(bench.host));
  expect(restored.files.tunables().max_page_sharing).toBe(3);
  expect(restored.files.counters()).toMatchObject({
    pages_shared: 3,
    pages_sharing: 6,
    stable_node_chains: 1,
    stable_node_dups: 3,
  });
  expect(checkHost(restored)).toEqual([]);
});

test('regions that are not mergeable, and advice for part of a region', () => {
  const bench = new BenchHost();
  bench.guest('a', times(6, 1));
  bench.host.madvise('a', 3 * PAGE, 2 * PAGE, 'unmergeable');
  bench.host.map('a', 'plain', 3, { address: 100 * PAGE, mergeable: false });
  bench.fullScans(3);
  const restored = directory.restore(snapshotOf(bench.host));
  expect(mergeable(restored, 'a', 'r')).toEqual([true, true, false, false, true, true]);
  expect(mergeable(restored, 'a', 'plain')).toEqual([false, false, false]);
  expect(visibleIn(restored)).toEqual(visibleIn(bench.host));
  expect(checkHost(restored)).toEqual([]);
});

test('a memory too small is refused', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3, 4]);
  const file = snapshotOf(bench.host);
  expect(() => directory.restore(file, { memoryBytes: 3 * PAGE })).toThrow(
    expect.objectContaining({ code: 'ENOMEM' }),
  );
  expect(() => directory.restore(file, { memoryBytes: 4 * PAGE })).not.toThrow();
  expect(() => directory.restore(file, { pageSize: 128, memoryBytes: 1024 })).toThrow(
    /pages are of 64 bytes, the host's of 128/,
  );
});
