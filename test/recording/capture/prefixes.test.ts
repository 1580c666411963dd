/** Which pages of a mapping it is counted of how alike they are. */
import { expect, test } from 'vitest';
import { PrefixSample } from '../../../src/recording/capture/prefixes.js';
import { PREFIX_BINS } from '../../../src/recording/format.js';

const PAGE = 4096;
const DIFFER_AT_ONCE = 0;
const EQUAL = PREFIX_BINS - 1;
const sample = new PrefixSample(PAGE);

/** Of so many pages, each `every` of which in a row begin with a byte of their own. */
function countsOf(pages: number, every: number): number[] | undefined {
  sample.begin();
  for (let page = 0; page < pages; page++)
    sample.look(Buffer.alloc(PAGE, Math.floor(page / every)));
  return sample.counts();
}

test('nothing is counted of fewer than 16 pages, whatever the mapping before had', () => {
  expect(countsOf(300, 300)?.[EQUAL]).toBeGreaterThan(100);
  expect(countsOf(15, 1)).toBeUndefined();
  expect(countsOf(16, 1)).toEqual(Array.from({ length: PREFIX_BINS }, (_, bin) => (bin ? 0 : 15)));
});

test.each([1, 2, 4, 16, 64])('of %i times as many as it takes each so manieth is one', (every) => {
  const counts = countsOf(256 * every, every) ?? [];
  expect(counts[DIFFER_AT_ONCE]).toBe(255);
  expect(counts[EQUAL]).toBe(0);
});

test.each([257, 1000, 100_000])('of %i pages half as many as it takes at least are taken', (n) => {
  const taken = (countsOf(n, n)?.[EQUAL] ?? 0) + 1;
  expect(taken).toBeGreaterThanOrEqual(128);
  expect(taken).toBeLessThanOrEqual(256);
});
