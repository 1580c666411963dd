/** Smart scan: how often a page that does not merge is visited, by its age. */
import { expect, test } from 'vitest';
import { RMAP_AGE_MASK, RMAP_FLAGS } from '../../../src/core/layout.js';
import { BenchHost, PAGE } from '../../ksm/bench-host.js';

/** In which of so many full scans a page that never merges is visited. */
function visits(scans: number): number[] {
  const bench = new BenchHost();
  bench.guest('g', [1]);
  const visited: number[] = [];
  for (let scan = 0; scan < scans; scan++) {
    const [before = 0] = bench.counters('pages_scanned');
    bench.fullScans();
    if (bench.counters('pages_scanned')[0] !== before) visited.push(scan);
  }
  return visited;
}

test('ages 0 to 2 are always visited; then 1, 2, 4 and at last 8 visits are skipped between two', () => {
  // Age 3: visited, skips one (4). Age 5: visited, skips two (6, 7). Age 8: visited, skips four (9
  // to 12). Age 13 on: eight.
  expect(visits(42)).toEqual([0, 1, 2, 3, 5, 8, 13, 22, 31, 40]);
});

test('a skipped visit is counted, uses none of the batch, and takes the page out of the unstable tree', () => {
  const bench = new BenchHost();
  bench.guest('g', [1, 2, 3]);
  bench.fullScans(4);
  expect(bench.counters('pages_skipped', 'pages_unshared', 'pages_volatile')).toEqual([0, 3, 0]);
  bench.put('g', 2, 4);
  expect(bench.host.ksm.scan(1), 'three pages are passed, no page is visited').toBe(0);
  expect(bench.counters('pages_skipped', 'pages_unshared', 'pages_volatile')).toEqual([3, 0, 3]);
});

test('an age outlives a write, and goes with the rmap item', () => {
  const bench = new BenchHost();
  bench.guest('g', [1]);
  bench.fullScans(4);
  bench.put('g', 0, 2);
  bench.fullScans(1);
  expect(bench.counters('pages_skipped')).toEqual([1]);
  bench.host.madvise('g', PAGE, PAGE, 'dontneed');
  bench.fullScans(1);
  bench.put('g', 0, 3);
  bench.fullScans(3);
  expect(bench.counters('pages_skipped'), 'young again: none of three visits is skipped').toEqual([
    1,
  ]);
});

test('pages that are merged are always visited', () => {
  const bench = new BenchHost();
  bench.guest('g', [1, 1]);
  bench.fullScans(30);
  expect(bench.counters('pages_skipped', 'pages_scanned')).toEqual([0, 60]);
});

test('switched off, every page is visited in every full scan', () => {
  const bench = new BenchHost();
  bench.host.files.set('smart_scan', 0);
  bench.guest('g', [1, 2]);
  bench.fullScans(30);
  expect(bench.counters('pages_skipped', 'pages_scanned')).toEqual([0, 60]);
});

test('an age stops at 255', () => {
  const bench = new BenchHost();
  bench.guest('g', [1]);
  bench.fullScans(600);
  expect(
    bench.host.machine.memory.i32[bench.host.guests.firstSlot('g', 'r') + RMAP_FLAGS] &
      RMAP_AGE_MASK,
  ).toBe(255);
  const [before] = bench.counters('pages_scanned');
  bench.fullScans(18);
  expect(bench.counters('pages_scanned'), 'one visit in nine').toEqual([(before ?? 0) + 2]);
});
