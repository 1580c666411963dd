/**
 * The regions of a guest in the daemon, and those that it is to get. Memory that grows by and by is
 * not to be a region a page, and what is never touched is not to take much: so regions are of whole
 * blocks, and what follows on one that is there is a whole stretch, as far as its mapping goes.
 */
import { PAGE_ABSENT, PAGE_HUGE, PAGE_KIND } from '../../../recording/format.js';
import { type RecordedStretch, STRETCH_PAGES } from '../../../recording/recorded-host.js';
import type { MemoryPart } from '../../../recording/recorded-memory.js';
import { MAX_GAP_BYTES } from '../../../sources/process/process-source.js';

/** Pages. Untouched ones cost less than one more region. */
const BLOCK_PAGES = 64;

export interface GuestRegion {
  readonly page: number;
  readonly pages: number;
}

export interface NewRegion extends GuestRegion {
  pages: number;
  readonly huge: boolean;
  readonly node: number | undefined;
}

export class GuestRegions {
  /** In order, none overlaps another. */
  private readonly all: GuestRegion[];

  constructor(regions: readonly GuestRegion[] = []) {
    this.all = [...regions].sort((a, b) => a.page - b.page);
  }

  add(region: GuestRegion): void {
    this.all.splice(this.firstAfter(region.page), 0, region);
  }

  remove(region: GuestRegion): void {
    const at = this.all.indexOf(region);
    if (at !== -1) this.all.splice(at, 1);
  }

  /** Those that have any of the pages from `first` to `end` - 1, in order. */
  *overlapping(first: number, end: number): Generator<GuestRegion, void, undefined> {
    for (let at = this.firstAfter(first); at < this.all.length; at++) {
      const region = this.all[at];
      if (region === undefined || region.page >= end) return;
      yield region;
    }
  }

  /** The index of the first that ends after `page`. */
  private firstAfter(page: number): number {
    const { all } = this;
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const region = all[middle];
      if (region !== undefined && region.page + region.pages > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** What is to be mapped for pages that are stored, as stretches come in order. */
export class RegionPlan {
  readonly regions: NewRegion[] = [];

  constructor(
    private readonly known: GuestRegions,
    private readonly pageSize: number,
    private readonly takesHugePages: boolean,
  ) {}

  /** `stored`: a byte a page of the stretch; `parts`: what of it is mapped, in order. */
  add(
    place: number,
    stretch: RecordedStretch,
    stored: Uint8Array,
    parts: Iterable<MemoryPart>,
  ): void {
    const begin = place * STRETCH_PAGES;
    for (const { first, end, node } of parts) {
      let at = Math.max(first, begin);
      const to = Math.min(end, begin + STRETCH_PAGES);
      for (const { page, pages } of this.known.overlapping(at, to)) {
        this.fill(at, page, begin, stored, stretch, node);
        at = page + pages;
      }
      this.fill(at, to, begin, stored, stretch, node);
    }
  }

  /** Pages from `first` to `end` - 1 are in no region yet. */
  private fill(
    first: number,
    end: number,
    begin: number,
    stored: Uint8Array,
    { states }: RecordedStretch,
    node: number | undefined,
  ): void {
    const isStored = (from: number, to: number): boolean =>
      stored.subarray(from - begin, to - begin).includes(1);
    if (first >= end || !isStored(first, end)) return;
    const isWhole = end - first === STRETCH_PAGES;
    const huge = isWhole && this.takesHugePages && states.every(isHuge);
    if (huge || this.known.overlapping(first - 1, first).next().done !== true) {
      this.put(first, end, huge, node);
      return;
    }
    for (let at = first; at < end; ) {
      const to = Math.min((Math.floor(at / BLOCK_PAGES) + 1) * BLOCK_PAGES, end);
      if (isStored(at, to)) this.put(at, to, huge, node);
      at = to;
    }
  }

  private put(first: number, end: number, huge: boolean, node: number | undefined): void {
    const last = this.regions.at(-1);
    if (last?.huge === huge && last.node === node && this.isNear(last, first, huge))
      last.pages = end - last.page;
    else this.regions.push({ page: first, pages: end - first, huge, node });
  }

  private isNear(last: NewRegion, page: number, huge: boolean): boolean {
    const end = last.page + last.pages;
    if (end === page) return true;
    // Huge pages begin on their own, and whole: the first store makes each.
    if (huge || (page - end) * this.pageSize > MAX_GAP_BYTES) return false;
    return this.known.overlapping(end, page).next().done === true;
  }
}

function isHuge(state: number): boolean {
  return (state & PAGE_KIND) !== PAGE_ABSENT && (state & PAGE_HUGE) !== 0;
}
