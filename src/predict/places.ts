/**
 * Where a recorded page lies in the host that it is played into. All pages of a whole recording lie
 * where they did. Of a sample of them only those lie anywhere that the recording ever tells a
 * content of, side by side and in order: what is between them, nearly everything, is never looked
 * at.
 *
 * Guests of one family have the same places: a fork's pages lie where its parent's do.
 */
import { STRETCH_PAGES } from '../recording/recorded-host.js';

/** Pages are those of a guest's addresses, as a recording counts them. */
export interface Places {
  /** How many pages before this one have a place: where it lies itself, if it has one. */
  of(page: number): number;
  has(page: number): boolean;
}

export const ALL_PLACES: Places = { of: (page) => page, has: () => true };

const BITS = 32;
const WORDS = STRETCH_PAGES / BITS;

/** Pages, a bit each, of the stretches that have any. */
export class PageSet {
  private readonly stretches = new Map<number, Uint32Array>();

  /** `pages` in a row. */
  add(first: number, pages: number): void {
    for (let page = first; page < first + pages; page++) {
      const stretch = this.stretch(Math.floor(page / STRETCH_PAGES));
      const bit = page % STRETCH_PAGES;
      stretch[bit >>> 5] = (stretch[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  }

  /** `pages` in a row, whether it has them or not. The work goes with what it has. */
  remove(first: number, pages: number): void {
    const end = first + pages;
    for (const at of this.stretchesIn(first, end)) {
      const begin = at * STRETCH_PAGES;
      const stretch = this.stretch(at);
      const to = Math.min(end - begin, STRETCH_PAGES);
      for (let bit = Math.max(first - begin, 0); bit < to; bit++)
        stretch[bit >>> 5] = (stretch[bit >>> 5] ?? 0) & ~(1 << (bit & 31));
      if (stretch.every((word) => word === 0)) this.stretches.delete(at);
    }
  }

  has(page: number): boolean {
    const stretch = this.stretches.get(Math.floor(page / STRETCH_PAGES));
    const bit = page % STRETCH_PAGES;
    return (((stretch?.[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) !== 0;
  }

  /** Of a stretch, by its number, the pages that it has: a bit each. Undefined: none. */
  within(stretch: number): Readonly<Uint32Array> | undefined {
    return this.stretches.get(stretch);
  }

  get size(): number {
    let pages = 0;
    for (const words of this.stretches.values()) for (const word of words) pages += bitsOf(word);
    return pages;
  }

  addAll(other: PageSet): void {
    for (const [at, words] of other.stretches) {
      const stretch = this.stretch(at);
      words.forEach((word, index) => {
        stretch[index] = (stretch[index] ?? 0) | word;
      });
    }
  }

  /** As it is now: what is added later has no place. */
  places(): Places {
    return new SampledPlaces([...this.stretches].sort(([a], [b]) => a - b));
  }

  private stretchesIn(first: number, end: number): number[] {
    const from = Math.floor(first / STRETCH_PAGES);
    const to = Math.ceil(end / STRETCH_PAGES);
    if (to - from > this.stretches.size)
      return [...this.stretches.keys()].filter((at) => at >= from && at < to);
    return Array.from({ length: to - from }, (_, at) => from + at).filter((at) =>
      this.stretches.has(at),
    );
  }

  private stretch(at: number): Uint32Array {
    const known = this.stretches.get(at);
    if (known !== undefined) return known;
    const stretch = new Uint32Array(WORDS);
    this.stretches.set(at, stretch);
    return stretch;
  }
}

class SampledPlaces implements Places {
  /** Of each stretch: its number, its pages, and how many are before it. */
  private readonly numbers: Float64Array;
  private readonly words: Uint32Array;
  private readonly before: Float64Array;
  private readonly total: number;

  constructor(stretches: readonly (readonly [number, Uint32Array])[]) {
    this.numbers = Float64Array.from(stretches, ([number]) => number);
    this.words = new Uint32Array(stretches.length * WORDS);
    this.before = new Float64Array(stretches.length);
    let total = 0;
    stretches.forEach(([, words], index) => {
      this.words.set(words, index * WORDS);
      this.before[index] = total;
      for (const word of words) total += bitsOf(word);
    });
    this.total = total;
  }

  of(page: number): number {
    const number = Math.floor(page / STRETCH_PAGES);
    const index = this.indexOf(number);
    if (index === this.numbers.length) return this.total;
    const before = this.before[index] ?? 0;
    if (this.numbers[index] !== number) return before;
    const bit = page % STRETCH_PAGES;
    let rank = before;
    const word = index * WORDS + (bit >>> 5);
    for (let at = index * WORDS; at < word; at++) rank += bitsOf(this.words[at] ?? 0);
    return rank + bitsOf((this.words[word] ?? 0) & ((1 << (bit & 31)) - 1));
  }

  has(page: number): boolean {
    return this.of(page + 1) > this.of(page);
  }

  /** Of the first stretch with that number or a higher one. */
  private indexOf(number: number): number {
    let low = 0;
    let high = this.numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.numbers[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
