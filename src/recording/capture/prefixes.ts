/**
 * How alike the pages of a mapping are before they differ. A comparison costs a kernel as much as
 * two pages have in common, which no fingerprint tells: so it is counted of a few pages, between
 * neighbours in byte order, as a search goes by them.
 */
import { PREFIX_BINS } from '../format.js';

/** Of a mapping, at most; and where there are fewer, nothing is learned. */
const MOST_PAGES = 256;
const FEWEST_PAGES = 16;

/** Takes every so manieth page that comes. */
export class PrefixSample {
  private readonly pages: Buffer[] = [];
  private readonly step: number;
  private seen = 0;

  /** `pages`: how many will come. */
  constructor(pages: number) {
    this.step = Math.max(1, Math.ceil(pages / MOST_PAGES));
  }

  look(page: Buffer): void {
    if (this.seen++ % this.step === 0) this.pages.push(Buffer.from(page));
  }

  /** PREFIX_BINS counts; undefined of too few pages. */
  counts(): number[] | undefined {
    const { pages } = this;
    if (pages.length < FEWEST_PAGES) return undefined;
    pages.sort(Buffer.compare);
    const counts = new Array<number>(PREFIX_BINS).fill(0);
    pages.forEach((page, at) => {
      const next = pages[at + 1];
      if (next === undefined) return;
      const bin = binOf(page, next);
      counts[bin] = (counts[bin] ?? 0) + 1;
    });
    return counts;
  }
}

/** 0 for pages that differ in their first byte; the last of all for equal ones. */
function binOf(a: Buffer, b: Buffer): number {
  let alike = 0;
  while (alike < a.length && a[alike] === b[alike]) alike++;
  if (alike === a.length) return PREFIX_BINS - 1;
  return alike === 0 ? 0 : Math.min(Math.floor(Math.log2(alike)) + 1, PREFIX_BINS - 2);
}
