/**
 * A guest that is followed: what has been told of its memory, and what of that the daemon has. It
 * takes 18 bytes a page.
 */
import type { RecordedGuest } from '../../../recording/recorded-host.js';
import { STRETCH_PAGES } from '../../../recording/recorded-host.js';
import type { MappingFacts } from '../../../recording/records.js';
import { GuestRegions } from './guest-regions.js';

/** Marks of a page: the daemon's guest has it. */
export const HELD = 1;
/** It holds something else than it did when the daemon was told last. */
export const CHANGED = 2;
/** It was told to be another guest's frame. */
export const FORKED = 4;

/** Where a machine's memory goes that begins at page 0, as no region may. */
const FIRST_PAGE = 2 ** 20;

export class FollowedGuest {
  /** By the place of a stretch, a byte a page. */
  readonly marks = new Map<number, Uint8Array>();
  /** Places of stretches of which the daemon may have something else than what was told. */
  readonly dirty = new Set<number>();
  /** Places of stretches that have had pages that never rest. */
  readonly restless = new Set<number>();
  /** Until the daemon has it: with whom it shares how many pages. */
  readonly sharedWith = new Map<number, number>();
  /** What is mapped of it in the daemon. */
  regions = new GuestRegions();
  /** The daemon has it. */
  isThere = false;
  /** PR_SET_MEMORY_MERGE is set there. */
  mergesAny = false;
  presentPages = 0;

  constructor(
    /** What was told. Of pages that another guest has as well, what that guest has. */
    readonly told: RecordedGuest,
    /** What it is called in the daemon. */
    readonly name: string,
  ) {}

  /** So many pages further on than it was told its memory lies in the daemon. */
  get offsetPages(): number {
    const { facts, mappings } = this.told;
    return facts.pid === 0 && mappings.has(0) ? FIRST_PAGE : 0;
  }

  get heldPages(): number {
    let pages = 0;
    for (const marks of this.marks.values())
      for (const mark of marks) if ((mark & HELD) !== 0) pages++;
    return pages;
  }

  marksOf(place: number): Uint8Array {
    let marks = this.marks.get(place);
    if (marks === undefined) {
      marks = new Uint8Array(STRETCH_PAGES);
      this.marks.set(place, marks);
    }
    return marks;
  }

  /** What is to be had of a range of pages may be something else now. */
  touch({ page, pages }: Pick<MappingFacts, 'page' | 'pages'>): void {
    const first = Math.floor(page / STRETCH_PAGES);
    const last = Math.floor((page + pages - 1) / STRETCH_PAGES);
    // Mappings may be of terabytes.
    if (last - first > this.marks.size) {
      for (const place of this.marks.keys())
        if (place >= first && place <= last) this.dirty.add(place);
    } else
      for (let place = first; place <= last; place++)
        if (this.marks.has(place)) this.dirty.add(place);
  }

  /** Of stretches in which nothing is present and the daemon has nothing no more is kept. */
  forgetAbsent({ page, pages }: Pick<MappingFacts, 'page' | 'pages'>): void {
    const last = Math.floor((page + pages - 1) / STRETCH_PAGES);
    for (let place = Math.floor(page / STRETCH_PAGES); place <= last; place++) {
      const isHeld = this.marks.get(place)?.some((mark) => (mark & HELD) !== 0) === true;
      if (isHeld || this.told.stretches.has(place)) continue;
      this.marks.delete(place);
      this.dirty.delete(place);
      this.restless.delete(place);
    }
  }

  touchAll(): void {
    for (const place of this.marks.keys()) this.dirty.add(place);
  }

  /** The daemon has any of these pages. */
  holdsAny(page: number, pages: number): boolean {
    for (let at = page; at < page + pages; ) {
      const place = Math.floor(at / STRETCH_PAGES);
      const end = Math.min(page + pages, (place + 1) * STRETCH_PAGES);
      const first = at - place * STRETCH_PAGES;
      const marks = this.marks.get(place)?.subarray(first, first + end - at);
      if (marks?.some((mark) => (mark & HELD) !== 0) === true) return true;
      at = end;
    }
    return false;
  }
}
