/**
 * What a kernel would have done, in examples small enough to be worked out by hand: each says what
 * the kernel does at each page, as the order of its steps has it.
 */
import { describe, expect, test } from 'vitest';
import type { KernelWork } from '../../src/ksm/kernel-work.js';
import { BenchHost } from './bench-host.js';

/** What changed from one moment to the other, where anything did. */
function difference(before: KernelWork, after: KernelWork): Partial<KernelWork> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, value]) => [name, value - before[name as keyof KernelWork]] as const)
      .filter(([, value]) => value !== 0),
  );
}

/** Of each of so many full scans. */
function work(bench: BenchHost, scans: number): Partial<KernelWork>[] {
  return Array.from({ length: scans }, () => {
    const before = bench.host.files.kernelWork();
    bench.fullScans();
    return difference(before, bench.host.files.kernelWork());
  });
}

test('three pages that differ: a checksum each, then a place in the unstable tree', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3]);
  expect(work(bench, 3)).toEqual([
    { visits: 3, checksums: 3, itemsMade: 3 },
    // The first finds an empty tree; the second compares with the first; the third with the first,
    // at the root, and with the second, which is right of it.
    { visits: 3, checksums: 3, unstableLevels: 0 + 1 + 2 },
    // 2 is the root by now in the tree of that scan: but each scan makes its tree anew.
    { visits: 3, checksums: 3, unstableLevels: 0 + 1 + 2 },
  ]);
});

test('twins merge, and are merged from then on', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 1, 2]);
  expect(work(bench, 4)).toEqual([
    { visits: 3, checksums: 3, itemsMade: 3 },
    // The second page meets the first; their KSM page goes into an empty stable tree. The third is
    // compared with that, and then finds the unstable tree empty.
    { visits: 3, checksums: 3, unstableLevels: 1, merges: 2, stableLevels: 1 },
    // The second is of the KSM page that the first has just been of; in the next scan both are.
    { visits: 3, mergedVisits: 2, repeatedVisits: 1, checksums: 1, stableLevels: 1 },
    { visits: 3, mergedVisits: 2, repeatedVisits: 2, checksums: 1, stableLevels: 1 },
  ]);
});

test('a page that equals a KSM page is compared until it finds it', () => {
  const bench = new BenchHost();
  bench.guest('a', [2, 2, 1, 1]);
  bench.fullScans(2);
  bench.guest('b', [1]);
  expect(work(bench, 2)).toEqual([
    { visits: 5, mergedVisits: 4, repeatedVisits: 2, checksums: 1, itemsMade: 1 },
    // 2 stands at the root of the stable tree, 1 to the left of it.
    {
      ...{ visits: 5, mergedVisits: 4, repeatedVisits: 2, checksums: 1 },
      ...{ stableLevels: 2, merges: 1 },
    },
  ]);
});

test('before 6.11 the stable tree comes first, and what is found there needs no checksum', () => {
  const bench = new BenchHost('6.1');
  bench.guest('a', [1, 1]);
  bench.fullScans(2);
  bench.guest('b', [1, 2]);
  expect(work(bench, 2)).toEqual([
    // The third merges at its first visit; the fourth is compared in vain.
    {
      ...{ visits: 4, mergedVisits: 2, repeatedVisits: 1, checksums: 1 },
      ...{ stableLevels: 2, merges: 1, itemsMade: 2 },
    },
    { visits: 4, mergedVisits: 3, repeatedVisits: 3, checksums: 1, stableLevels: 1 },
  ]);
});

describe('pages that are not looked at', () => {
  test('absent ones are stepped over, one by one as the kernel does', () => {
    const bench = new BenchHost();
    bench.host.createGuest('a');
    bench.host.map('a', 'r', 200, { address: 64 });
    bench.host.memory.store('a', 64 * 150, Uint8Array.of(1));
    expect(work(bench, 1)).toEqual([{ visits: 1, checksums: 1, itemsMade: 1, absent: 199 }]);
  });

  test('those that smart scan leaves out cost no checksum', () => {
    const bench = new BenchHost();
    bench.guest('a', [1]);
    bench.fullScans(4);
    expect(work(bench, 2)).toEqual([{ skips: 1 }, { visits: 1, checksums: 1 }]);
  });
});

test('a write to a merged page is a break; the rest is found out later', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 1]);
  bench.fullScans(2);
  const before = bench.host.files.kernelWork();
  bench.put('a', 0, 2);
  expect(difference(before, bench.host.files.kernelWork())).toEqual({ breaks: 1 });
  expect(work(bench, 1)).toEqual([{ visits: 2, mergedVisits: 1, checksums: 1 }]);
});
