/**
 * How many KiB a search reads of what pages begin alike: a recording tells it of neighbours in byte
 * order (`prefixes`), and a search compares with pages farther off as well, the farther the higher
 * up in the tree. What pages in between differ in, these differ in too: with the 2^k-th neighbour a
 * page has in common what the least of 2^k neighbours have.
 */
import { PREFIX_BINS } from '../recording/format.js';

const PAGE_BYTES = 4096;
/** Levels of a tree of many pages: more change the mean little. */
const LEVELS = 16;

/** KiB a level, on average. `prefixes`: PREFIX_BINS counts. */
export function alikeKib(prefixes: readonly number[]): number {
  const total = prefixes.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let sum = 0;
  for (let level = 0; level < LEVELS; level++) {
    let beyond = total;
    let mean = 0;
    for (let bin = 0; bin < PREFIX_BINS; bin++) {
      const before = (beyond / total) ** (2 ** level);
      beyond -= prefixes[bin] ?? 0;
      mean += bytesOf(bin) * (before - (beyond / total) ** (2 ** level));
    }
    sum += mean;
  }
  return sum / LEVELS / 1024;
}

/** In the middle of what a bin stands for. Equal pages are compared no further: they are found. */
function bytesOf(bin: number): number {
  if (bin === 0) return 0;
  if (bin === PREFIX_BINS - 1) return 0;
  return Math.min(PAGE_BYTES, 1.5 * 2 ** (bin - 1));
}
