/** Counters: what each counts, when it falls, and what a guest's own say. */

import { expect, test } from 'vitest';
import { CTL_COW_BREAKS, CTL_PAGES_SCANNED } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { KERNEL_PROFILES } from '../../src/ksm/kernels.js';
import { BenchHost, PAGE, times } from './bench-host.js';

const RMAP_ITEM = 64;

test('pages are volatile when first seen, then shared, sharing or unshared', () => {
  const bench = new BenchHost();
  bench.guest('g', [1, 1, 1, 2]);
  const seen = () =>
    bench.counters('pages_shared', 'pages_sharing', 'pages_unshared', 'pages_volatile');
  bench.fullScans();
  expect(seen()).toEqual([0, 0, 0, 4]);
  bench.fullScans();
  expect(seen()).toEqual([1, 2, 1, 0]);
  expect(bench.host.machine.frames.used).toBe(2);
});

test('a write gives the writer its page at once; the counters fall when the scanner next meets the page', () => {
  const bench = new BenchHost();
  bench.guest('g', times(4, 1));
  bench.fullScans(2);
  bench.put('g', 3, 2);
  expect(bench.contents('g')).toEqual([1, 1, 1, 2]);
  expect(bench.host.machine.frames.used).toBe(2);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([1, 3]);
  bench.host.ksm.scan(3);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([1, 3]);
  bench.host.ksm.scan(1);
  expect(bench.counters('pages_shared', 'pages_sharing', 'pages_volatile')).toEqual([1, 2, 1]);
});

test('pages_unshared falls as each page is met again, though the unstable tree is emptied at the start of a full scan', () => {
  const bench = new BenchHost();
  bench.guest('g', [1, 2, 3]);
  bench.fullScans(2);
  expect(bench.counters('pages_unshared')).toEqual([3]);
  for (let page = 0; page < 3; page++) bench.put('g', page, 9 - page);
  const falls: (number | undefined)[] = [];
  for (let page = 0; page < 3; page++) {
    bench.host.ksm.scan(1);
    falls.push(...bench.counters('pages_unshared'));
  }
  expect(falls).toEqual([2, 1, 0]);
});

test('a break is a write to a page that KSM has merged, and no copy that a fork has left', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('parent', [1, 1, 0, 3, 4]);
  bench.host.fork('parent', 'child');
  const breaks = (): number => bench.host.files.totals().cowBreaks;
  bench.put('child', 3, 9);
  expect(breaks()).toBe(0);
  bench.fullScans(3);
  bench.put('parent', 4, 9);
  expect(breaks()).toBe(0);
  bench.put('child', 0, 9);
  expect(breaks()).toBe(1);
  bench.put('child', 2, 9);
  expect(breaks()).toBe(2);
  expect(bench.host.files.kernelWork().breaks).toBe(2);
});

test('reaching the end of all memory ends the batch, and counts a full scan', () => {
  const bench = new BenchHost();
  bench.guest('g', [1, 2, 3]);
  expect(bench.host.ksm.scan(2)).toBe(2);
  expect(bench.counters('full_scans', 'pages_scanned')).toEqual([0, 2]);
  expect(bench.host.ksm.scan(100)).toBe(1);
  expect(bench.counters('full_scans', 'pages_scanned')).toEqual([1, 3]);
});

test('general_profit and a guest’s ksm_process_profit: pages saved less 64 bytes an rmap item', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('a', [1, 1, 1, 0]);
  bench.guest('b', [1, 2]);
  bench.fullScans(3);
  // Shared by one, sharing three; one zero page, without rmap item; five items left.
  expect(bench.counters('pages_shared', 'pages_sharing', 'ksm_zero_pages')).toEqual([1, 3, 1]);
  expect(bench.counters('general_profit')).toEqual([(3 + 1) * PAGE - 5 * RMAP_ITEM]);
  expect(bench.host.files.guestCounters('a')).toEqual({
    ksm_rmap_items: 3,
    ksm_zero_pages: 1,
    ksm_merging_pages: 3,
    ksm_process_profit: (3 + 1) * PAGE - 3 * RMAP_ITEM,
  });
  expect(bench.host.files.guestCounters('b')).toEqual({
    ksm_rmap_items: 2,
    ksm_zero_pages: 0,
    ksm_merging_pages: 1,
    ksm_process_profit: PAGE - 2 * RMAP_ITEM,
  });
});

test('pages of other NUMA nodes merge only with merge_across_nodes', () => {
  for (const across of [0, 1]) {
    const bench = new BenchHost();
    bench.host.files.set('merge_across_nodes', across);
    bench.guest('a', [1, 1], 0);
    bench.guest('b', [1, 1], 1);
    bench.fullScans(3);
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual(across === 0 ? [2, 2] : [1, 3]);
    expect(checkHost(bench.host)).toEqual([]);
  }
});

test.each(KERNEL_PROFILES)('Linux $name shows the counters it has, all numbers', (profile) => {
  const bench = new BenchHost(profile.name);
  bench.guest('g', [1, 1, 2]);
  bench.fullScans(3);
  expect(Object.keys(bench.host.files.counters())).toEqual([...profile.counters]);
  expect(Object.keys(bench.host.files.guestCounters('g'))).toEqual([...profile.guestCounters]);
  expect(
    bench.counters(
      'full_scans',
      'pages_shared',
      'pages_sharing',
      'pages_unshared',
      'pages_volatile',
    ),
  ).toEqual([3, 1, 1, 1, 0]);
});

test('counters of two words go on past 32 bits', () => {
  const bench = new BenchHost();
  bench.guest('g', times(4, 1));
  bench.host.machine.memory.i32[CTL_PAGES_SCANNED] = -2;
  const scanned = [1, 2, 1].map((pages) => {
    bench.host.ksm.scan(pages);
    return bench.counters('pages_scanned');
  });
  expect(scanned).toEqual([[2 ** 32 - 1], [2 ** 32 + 1], [2 ** 32 + 2]]);
});

test('merges, mappings given back and visits are counted under every profile, beyond 32 bits', () => {
  for (const kernel of ['2.6.32', '6.18'] as const) {
    const bench = new BenchHost(kernel);
    bench.guest('g', times(4, 1));
    const { i32 } = bench.host.machine.memory;
    i32[CTL_COW_BREAKS] = -1;
    bench.fullScans(2);
    bench.put('g', 3, 2);
    expect(bench.host.files.totals()).toEqual({
      pagesScanned: 8,
      merges: 4,
      cowBreaks: 2 ** 32,
      splits: 0,
      splitZeroPages: 0,
    });
    expect(bench.host.files.guestTotals('g')).toMatchObject({
      mergedPages: 4,
      zeroPages: 0,
      rmapItems: 4,
    });
  }
});

test('a visit is counted for the guest whose page was looked at, and pages passed over are none', () => {
  const bench = new BenchHost();
  bench.host.files.set('smart_scan', 0);
  bench.guest('merged', times(4, 1));
  bench.guest('single', [2, 3]);
  const visits = () =>
    ['merged', 'single'].map((guest) => bench.host.files.guestTotals(guest).visits);
  bench.fullScans();
  expect(visits()).toEqual([4, 2]);
  bench.fullScans(10);
  const [merged, single] = visits();
  bench.fullScans();
  expect(visits()).toEqual([merged, (single ?? 0) + 2]);
});
