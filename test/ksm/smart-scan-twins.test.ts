/**
 * When a page merges with one that had been without its like for long, and is left out of eight
 * full scans of nine: what `status` says of it.
 */
import { expect, test } from 'vitest';
import { BenchHost } from './bench-host.js';

const LONG_SCANS = 40;
const PHASES = 9;
const MOST_SCANS = 200;

/** Full scans until a page of a new guest has merged with an old one; undefined: it does not. */
function scansToMeet(oldScans: number, smartScan: 0 | 1): number | undefined {
  const bench = new BenchHost();
  bench.host.files.set('smart_scan', smartScan);
  bench.guest('old', [1]);
  for (let scan = 0; scan < oldScans; scan++) bench.host.ksm.scan(100);
  bench.guest('new', [1]);
  for (let scans = 1; scans <= MOST_SCANS; scans++) {
    bench.host.ksm.scan(100);
    if (bench.host.files.counters().pages_sharing === 1) return scans;
  }
  return undefined;
}

const phases = Array.from({ length: PHASES }, (_, phase) => LONG_SCANS + phase);

test('with smart scan after 2 to 14, or never in three of nine cases', () => {
  const met = phases.map((scans) => scansToMeet(scans, 1));
  expect(met.filter((scans) => scans === undefined)).toHaveLength(3);
  const numbers = met.filter((scans) => scans !== undefined);
  expect(Math.min(...numbers)).toBe(2);
  expect(Math.max(...numbers)).toBe(14);
});

test('without it after 2, always', () => {
  expect(new Set(phases.map((scans) => scansToMeet(scans, 0)))).toEqual(new Set([2]));
});

test('with one that is merged already after 2, always', () => {
  for (const oldScans of phases) {
    const bench = new BenchHost();
    bench.guest('old', [1, 1]);
    for (let scan = 0; scan < oldScans; scan++) bench.host.ksm.scan(100);
    bench.guest('new', [1]);
    for (let scan = 0; scan < 2; scan++) bench.host.ksm.scan(100);
    expect(bench.host.files.counters()).toMatchObject({ pages_shared: 1, pages_sharing: 2 });
  }
});
