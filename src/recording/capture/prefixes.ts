/**
 * How alike the pages of a mapping are before they differ. A comparison costs a kernel as much as
 * two pages have in common, which no fingerprint tells: so it is counted of a few pages, between
 * neighbours in byte order, as a search goes by them.
 */
import { PREFIX_BINS } from '../format.js';

/** Of a mapping, at most; and where there are fewer, nothing is learned. */
const MOST_PAGES = 256;
const FEWEST_PAGES = 16;

/**
 * Takes every so manieth page that comes, of one mapping after the other: when there are too many,
 * every second one is let go of, and half as many are taken from then on. The room is one for all.
 */
export class PrefixSample {
  /** Copies of pages, and after them what is free. */
  private readonly pages: Buffer[];
  private taken = 0;
  private step = 1;
  private seen = 0;

  constructor(pageSize: number) {
    const room = Buffer.alloc(MOST_PAGES * pageSize);
    this.pages = Array.from({ length: MOST_PAGES }, (_, at) =>
      room.subarray(at * pageSize, (at + 1) * pageSize),
    );
  }

  /** A mapping begins. */
  begin(): void {
    this.taken = 0;
    this.step = 1;
    this.seen = 0;
  }

  look(page: Buffer): void {
    if (this.seen++ % this.step !== 0) return;
    if (this.taken === MOST_PAGES) this.thin();
    const room = this.pages[this.taken++];
    if (room !== undefined) page.copy(room);
  }

  /** PREFIX_BINS counts; undefined of too few pages. */
  counts(): number[] | undefined {
    const pages = this.pages.slice(0, this.taken);
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

  private thin(): void {
    const { pages } = this;
    const kept = pages.filter((_, at) => at % 2 === 0);
    const free = pages.filter((_, at) => at % 2 === 1);
    pages.splice(0, pages.length, ...kept, ...free);
    this.taken = kept.length;
    this.step *= 2;
  }
}

/** 0 for pages that differ in their first byte; the last of all for equal ones. */
function binOf(a: Buffer, b: Buffer): number {
  let alike = 0;
  while (alike < a.length && a[alike] === b[alike]) alike++;
  if (alike === a.length) return PREFIX_BINS - 1;
  return alike === 0 ? 0 : Math.min(Math.floor(Math.log2(alike)) + 1, PREFIX_BINS - 2);
}
