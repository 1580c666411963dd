/**
 * What was seen of a guest's pages when they were last looked at: a fast hash, by which it is told
 * whether a page has changed, and what the recording says of it. Nine bytes a page, of whatever
 * kind, and nothing is made new where a page is looked at again.
 *
 * Stretches of pages are kept by their place; to find what has gone they are passed in order.
 */
import { PAGE_ABSENT, PAGE_KIND, PAGE_SHARED } from '../format.js';
import { STRETCH_PAGES } from '../recorded-host.js';

/** Beside PAGE_ bits: the page had changed when it was looked at last. */
export const CHANGED = 0x20;
/** It is to be looked at again before it is told. */
export const UNDECIDED = 0x40;

/** A hash of 64 bits as two words: a bigint for each page would be garbage by the million. */
export class PageHash {
  private readonly whole = new BigUint64Array(1);
  readonly words = new Uint32Array(this.whole.buffer);

  set(hash: bigint): void {
    this.whole[0] = hash;
  }
}

export class SeenStretch {
  readonly states = new Uint8Array(STRETCH_PAGES);
  /** Two a page: of its hash, or the first of them its owner if it is PAGE_SHARED. */
  private readonly words = new Uint32Array(STRETCH_PAGES * 2);

  isAsBefore(index: number, { words }: PageHash): boolean {
    const { words: before } = this;
    return before[index * 2] === words[0] && before[index * 2 + 1] === words[1];
  }

  keep(index: number, { words }: PageHash): void {
    this.words[index * 2] = words[0] ?? 0;
    this.words[index * 2 + 1] = words[1] ?? 0;
  }

  /** Of a page that is PAGE_SHARED. */
  ownerOf(index: number): number | undefined {
    return this.words[index * 2];
  }

  share(index: number, owner: number): void {
    this.words[index * 2] = owner;
  }
}

export class SeenPages {
  private readonly stretches = new Map<number, SeenStretch>();
  /** Places in order, as the sweep goes by them, and how far it is. */
  private order: number[] = [];
  private at = 0;
  private nextPage = 0;
  private lastPlace = -1;
  private lastStretch: SeenStretch | undefined;

  /** A new sweep begins. */
  begin(): void {
    this.order = [...this.stretches.keys()].sort((a, b) => a - b);
    this.at = 0;
    this.nextPage = 0;
  }

  /** The stretch of a page, made if there is none. */
  stretchOf(page: number): SeenStretch {
    const place = Math.floor(page / STRETCH_PAGES);
    if (place === this.lastPlace && this.lastStretch !== undefined) return this.lastStretch;
    let stretch = this.stretches.get(place);
    if (stretch === undefined) {
      stretch = new SeenStretch();
      this.stretches.set(place, stretch);
    }
    this.lastPlace = place;
    this.lastStretch = stretch;
    return stretch;
  }

  /** What the recording says of a page. */
  stateOf(page: number): number {
    const stretch = this.stretches.get(Math.floor(page / STRETCH_PAGES));
    return stretch?.states[page % STRETCH_PAGES] ?? PAGE_ABSENT;
  }

  /** It was last seen to hold this itself. */
  holds(page: number, hash: PageHash): boolean {
    const stretch = this.stretches.get(Math.floor(page / STRETCH_PAGES));
    const index = page % STRETCH_PAGES;
    const kind = (stretch?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
    if (kind === PAGE_ABSENT || kind === PAGE_SHARED) return false;
    return stretch?.isAsBefore(index, hash) === true;
  }

  /**
   * The sweep goes on at `page`, and after `next`: those from where it was to there are not
   * present. Calls `gone` for each that was, in order.
   */
  pass(page: number, next: number, gone: (page: number) => void): void {
    this.passAbsent(page, gone);
    this.nextPage = next;
  }

  /** The sweep is over. */
  end(gone: (page: number) => void): void {
    this.passAbsent(Number.POSITIVE_INFINITY, gone);
    for (const place of this.order) {
      const stretch = this.stretches.get(place);
      if (stretch?.states.every((state) => (state & PAGE_KIND) === PAGE_ABSENT) !== true) continue;
      this.stretches.delete(place);
      if (place === this.lastPlace) this.lastStretch = undefined;
    }
  }

  /** Calls `page` for each that is to be looked at again, in order. */
  undecided(look: (page: number, stretch: SeenStretch, index: number) => void): void {
    for (const place of [...this.stretches.keys()].sort((a, b) => a - b)) {
      const stretch = this.stretches.get(place);
      stretch?.states.forEach((state, index) => {
        if ((state & UNDECIDED) !== 0) look(place * STRETCH_PAGES + index, stretch, index);
      });
    }
  }

  private passAbsent(end: number, gone: (page: number) => void): void {
    const { order } = this;
    for (; this.at < order.length; this.at++) {
      const place = order[this.at] ?? 0;
      const first = place * STRETCH_PAGES;
      if (first >= end) return;
      const states = this.stretches.get(place)?.states;
      const from = Math.max(this.nextPage - first, 0);
      const to = Math.min(end - first, STRETCH_PAGES);
      for (let index = from; index < to; index++) {
        if (((states?.[index] ?? 0) & PAGE_KIND) === PAGE_ABSENT) continue;
        states?.fill(PAGE_ABSENT, index, index + 1);
        gone(first + index);
      }
      if (first + STRETCH_PAGES > end) return;
    }
  }
}
