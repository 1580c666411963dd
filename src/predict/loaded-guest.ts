/** A recording's guest while it is played, and where it has memory. */
import type { MappingFacts } from '../recording/records.js';
import { PageSet, type Places } from './places.js';
import type { Laid } from './survey.js';
import type { ToldPages } from './told-pages.js';

/** Places in a row. */
export type Pages = Pick<Laid, 'page' | 'pages'>;

export class LoadedGuest {
  /** In order of their pages. */
  mappings: MappingFacts[] = [];
  readonly restless = new Set<number>();
  /** Pages that are present, and that KSM would not look at. */
  readonly leftOut = new PageSet();
  /** That the recording has now; kept of guests that may have huge pages. */
  recorded: PageSet | undefined;
  /** What is mapped, by places, in order: no two overlap. */
  regions: readonly Pages[] = [];
  /** Whose fork it is. */
  parent: LoadedGuest | undefined;
  /** Until the sweep that it comes in is over. */
  isNew = true;
  /** The host has it. */
  isSettled = false;
  /** Pages before it have been told in the first sweep of a fork; undefined: nothing is to be. */
  forkedUpTo: number | undefined;

  constructor(
    readonly id: number,
    readonly name: string,
    /** Where its place 0 is. */
    readonly base: number,
    /** Pages are told as they are recorded; what is asked of the host goes by their places. */
    readonly places: Places,
    readonly isPinned: boolean,
    readonly mergesAny: boolean,
    /** The node that it is put on, whatever was recorded. */
    readonly domain: number | undefined,
    /** Of a sample. */
    readonly told: ToldPages | undefined,
  ) {}
}

/** The index of the first that ends after `page`, of such as lie in order. */
export function firstEndingAfter(regions: readonly Pages[], page: number): number {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const region = regions[middle];
    if (region !== undefined && region.page + region.pages > page) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What of `laid` no region of a parent's covers. */
export function uncovered(known: readonly Pages[], laid: readonly Laid[]): Laid[] {
  if (known.length === 0) return [...laid];
  const parts: Laid[] = [];
  for (const { page, pages, ...how } of laid) {
    let at = page;
    for (let index = firstEndingAfter(known, page); at < page + pages; index++) {
      const region = known[index];
      const next = Math.min(region?.page ?? page + pages, page + pages);
      if (next > at) parts.push({ page: at, pages: next - at, ...how });
      if (region === undefined) break;
      at = Math.max(at, region.page + region.pages);
    }
  }
  return parts;
}
