/** How far a full scan is, page by page, without a look at a page. */
import { expect, test } from 'vitest';
import { scanProgress } from '../../src/inspect/scan-progress.js';
import { BenchHost } from '../ksm/bench-host.js';

test('goes from guest to guest and through the pages of each, and ends with the full scan', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3, 4]);
  bench.guest('b', [5, 6, 7, 8]);
  expect(scanProgress(bench.host)).toBeUndefined();
  const shares: (number | undefined)[] = [];
  do {
    bench.host.ksm.scan(1);
    shares.push(scanProgress(bench.host));
  } while (bench.host.files.counters().full_scans === 0 && shares.length < 20);
  const eighths = shares.map((share) => (share === undefined ? 'between' : share * 8));
  expect(eighths.slice(0, 3)).toEqual([1, 2, 3]);
  expect(eighths.toSorted()).toEqual(eighths);
  expect(eighths.at(-1)).toBe('between');
});
