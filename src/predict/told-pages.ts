/**
 * Of a sample: which of a guest's pages KSM would look at, in the sample and outside of it. The
 * host that a recording is played into has only those in the sample; how many there are besides is
 * told as well, and known without an error. Pages that never rest, and those that a fork shares,
 * are none of them.
 */
import type { Sample } from '../fingerprints/sample.js';
import { PAGE_ABSENT, PAGE_CONTENT, PAGE_UNSAMPLED, PAGE_ZEROES } from '../recording/format.js';
import { PageSet } from './places.js';

/** Pages, or how many. */
interface Stratum<T> {
  readonly inside: T;
  readonly outside: T;
}

/** Zeroes have no content that puts them into the sample: of them it is those at some places. */
export interface ToldCounts {
  readonly contents: Stratum<number>;
  readonly zeroes: Stratum<number>;
}

const NONE: Stratum<number> = { inside: 0, outside: 0 };

export class ToldPages {
  private readonly contents = { inside: new PageSet(), outside: new PageSet() };
  private readonly zeroes = { inside: new PageSet(), outside: new PageSet() };

  constructor(private readonly sample: Sample) {}

  /** Pages `from` to `to` - 1 are of this kind now; `areNew`: of none so far. */
  put(kind: number, from: number, to: number, areNew: boolean): void {
    if (!areNew)
      for (const { inside, outside } of [this.contents, this.zeroes]) {
        inside.remove(from, to - from);
        outside.remove(from, to - from);
      }
    if (kind === PAGE_CONTENT) this.contents.inside.add(from, to - from);
    else if (kind === PAGE_UNSAMPLED) this.contents.outside.add(from, to - from);
    else if (kind === PAGE_ZEROES)
      for (let page = from; page < to; page++)
        this.zeroes[this.sample.hasPlace(page) ? 'inside' : 'outside'].add(page, 1);
  }

  /** Which kind it is of; PAGE_ABSENT if of none of these. */
  kindOf(page: number): number {
    const isOf = ({ inside, outside }: Stratum<PageSet>): boolean =>
      inside.has(page) || outside.has(page);
    if (isOf(this.zeroes)) return PAGE_ZEROES;
    if (!isOf(this.contents)) return PAGE_ABSENT;
    return this.contents.inside.has(page) ? PAGE_CONTENT : PAGE_UNSAMPLED;
  }

  get counts(): ToldCounts {
    return { contents: sizesOf(this.contents), zeroes: sizesOf(this.zeroes) };
  }
}

export function summed(all: Iterable<ToldCounts>): ToldCounts {
  let contents = NONE;
  let zeroes = NONE;
  for (const each of all) {
    contents = plus(contents, each.contents);
    zeroes = plus(zeroes, each.zeroes);
  }
  return { contents, zeroes };
}

function sizesOf({ inside, outside }: Stratum<PageSet>): Stratum<number> {
  return { inside: inside.size, outside: outside.size };
}

function plus(one: Stratum<number>, other: Stratum<number>): Stratum<number> {
  return { inside: one.inside + other.inside, outside: one.outside + other.outside };
}
