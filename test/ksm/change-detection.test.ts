/**
 * How the scanner tells that a page changes: by its checksum, as the kernel does, or by its dirty
 * bit.
 */
import { expect, test } from 'vitest';
import { CTL_CHECKSUMS } from '../../src/core/layout.js';
import { BenchHost } from './bench-host.js';

function hostWith(detection: string): BenchHost {
  const bench = new BenchHost();
  bench.host.files.set('change_detection', detection);
  bench.host.files.set('smart_scan', 0);
  bench.guest('a', [1, 2, 3]);
  bench.guest('b', [1, 2, 4]);
  return bench;
}

const checksums = (bench: BenchHost): number => bench.host.machine.memory.i32[CTL_CHECKSUMS];

test.each(['checksum', 'dirty'])(
  '%s: pages left alone merge in the second full scan',
  (detection) => {
    const bench = hostWith(detection);
    bench.fullScans();
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([0, 0]);
    bench.fullScans();
    expect(bench.counters('pages_shared', 'pages_sharing', 'pages_unshared')).toEqual([2, 2, 2]);
    expect(bench.tunable('change_detection')).toBe(detection);
  },
);

test('a page rewritten with what it held has changed if dirty bits say so, and has not if checksums do', () => {
  for (const [detection, sharing] of [
    ['checksum', 1],
    ['dirty', 0],
  ] as const) {
    const bench = hostWith(detection);
    bench.put('a', 1, 5);
    bench.put('b', 0, 6);
    for (let scan = 0; scan < 4; scan++) {
      bench.put('a', 0, 1);
      bench.put('b', 1, 2);
      bench.put('a', 2, 7);
      bench.put('b', 2, 7);
      bench.fullScans();
    }
    expect(bench.counters('pages_sharing'), detection).toEqual([sharing]);
    if (detection === 'dirty') expect(checksums(bench), 'checksums taken').toBe(0);
    else expect(checksums(bench)).toBeGreaterThan(0);
  }
});

test('it can be changed at any time: a page whose checksum is not known is seen once more', () => {
  const bench = hostWith('dirty');
  bench.fullScans();
  bench.put('a', 0, 9);
  bench.host.files.set('change_detection', 'checksum');
  bench.put('b', 0, 9);
  bench.fullScans();
  expect(bench.counters('pages_sharing')).toEqual([1]);
  bench.fullScans();
  expect(bench.counters('pages_sharing')).toEqual([2]);
  expect(bench.contents('a')).toEqual([9, 2, 3]);
  expect(bench.contents('b')).toEqual([9, 2, 4]);
});
