/**
 * What of a recorded guest counts for KSM: its present pages in the mappings that are looked at, in
 * order of address, and the regions that they are to be, as a process's would be. All of it is gone
 * over as it is asked for: nothing is kept page by page.
 */
import { goesInto, type ProcessRegion } from '../sources/process/process-source.js';
import {
  PAGE_ABSENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_MERGED,
  PAGE_RESTLESS,
  PAGE_SHARED,
} from './format.js';
import type { RecordedFrames } from './recorded-frames.js';
import { type RecordedGuest, type RecordedStretch, STRETCH_PAGES } from './recorded-host.js';
import { countsAsAdvised } from './recorded-pages.js';

/** Present pages in a row, of which all or none lie in huge pages. */
export interface PresentSpan {
  readonly page: number;
  readonly pages: number;
  readonly huge: boolean;
  readonly node: number | undefined;
}

/** Of pages, by what is to be said of them. */
export interface MemoryTally {
  present: number;
  advised: number;
  /** Change whenever they are looked at. */
  restless: number;
  /** The recorded host's own KSM has merged them. */
  merged: number;
  /** Present, and not looked at. */
  notAdvised: number;
}

/** A mapping, without what one before it has of it. */
export interface MemoryPart {
  readonly first: number;
  readonly end: number;
  readonly node: number | undefined;
  readonly isAdvised: boolean;
}

/** Part of a stretch. */
interface Segment {
  readonly stretch: RecordedStretch;
  /** Of the stretch's first page; from which of them on, and up to which. */
  readonly begin: number;
  readonly from: number;
  readonly to: number;
}

export class RecordedMemory {
  /** Places of stretches, in order. */
  private readonly places: readonly number[];
  private readonly parts: readonly MemoryPart[];
  readonly tally: MemoryTally = { present: 0, advised: 0, restless: 0, merged: 0, notAdvised: 0 };
  /** Mappings that something is present in. */
  readonly mappings: number = 0;
  /** Guests whose frames its pages map: itself, and whom a fork has it share with. */
  readonly owners = new Set<number>();

  /** `isAdvised`: only what somebody has advised counts. */
  constructor(
    readonly guest: RecordedGuest,
    isAdvised: boolean,
    private readonly frames: RecordedFrames,
  ) {
    this.places = [...guest.stretches.keys()].sort((a, b) => a - b);
    const parts = [...partsOf(guest)];
    this.parts = parts.filter((part) => part.isAdvised || !isAdvised);
    for (const part of parts) {
      const before = this.tally.present;
      this.count(part, part.isAdvised || !isAdvised);
      if (this.tally.present > before) this.mappings++;
    }
    if (this.tally.present > 0) this.owners.add(guest.id);
  }

  /** Of a range of pages, in order of address. */
  *spans(first = 0, end = Number.POSITIVE_INFINITY): Generator<PresentSpan, void, undefined> {
    let span: { page: number; pages: number; huge: boolean; node: number | undefined } | undefined;
    for (const { begin, from, to, stretch, node } of this.segments(first, end))
      for (let at = from, next = from; at < to; at = next) {
        next = endOfRun(stretch.states, at, to);
        const state = stretch.states[at] ?? PAGE_ABSENT;
        if ((state & PAGE_KIND) === PAGE_ABSENT) continue;
        const huge = (state & PAGE_HUGE) !== 0;
        const page = begin + at;
        const isNext = span !== undefined && span.page + span.pages === page;
        if (isNext && span?.huge === huge && span.node === node) span.pages += next - at;
        else {
          if (span !== undefined) yield span;
          span = { page, pages: next - at, huge, node };
        }
      }
    if (span !== undefined) yield span;
  }

  /** What is to be mapped for what is present of a range of pages; in bytes. */
  regions(
    pageSize: number,
    first = 0,
    end = Number.POSITIVE_INFINITY,
  ): Omit<ProcessRegion, 'spans'>[] {
    const regions: Omit<ProcessRegion, 'spans'>[] = [];
    for (const { page, pages, huge, node } of this.spans(first, end)) {
      const [address, length] = [page * pageSize, pages * pageSize];
      const last = regions.at(-1);
      if (last !== undefined && goesInto(last, { address, huge, node }))
        last.length = address + length - last.address;
      else regions.push({ address, length, huge, node });
    }
    return regions;
  }

  /** Places of stretches that have pages of a range, in order. */
  placesOf(first: number, end: number): number[] {
    return [...new Set([...this.segments(first, end)].map(({ begin }) => begin / STRETCH_PAGES))];
  }

  /** Of a range of pages, by mapping, what each stretch has. */
  *segments(
    first: number,
    end: number,
  ): Generator<Segment & { readonly node: number | undefined }, void, undefined> {
    for (const part of this.parts) {
      if (part.first >= end) return;
      const { node } = part;
      for (const segment of this.stretchesOf(Math.max(part.first, first), Math.min(part.end, end)))
        yield { ...segment, node };
    }
  }

  private *stretchesOf(first: number, end: number): Generator<Segment, void, undefined> {
    const { places, guest } = this;
    if (first >= end) return;
    for (let at = firstAtLeast(places, Math.floor(first / STRETCH_PAGES)); ; at++) {
      const begin = (places[at] ?? Number.POSITIVE_INFINITY) * STRETCH_PAGES;
      if (begin >= end) return;
      const stretch = guest.stretches.get(begin / STRETCH_PAGES);
      if (stretch === undefined) continue;
      const from = Math.max(first - begin, 0);
      const to = Math.min(end - begin, STRETCH_PAGES);
      yield { stretch, begin, from, to };
    }
  }

  private count({ first, end, isAdvised }: MemoryPart, counts: boolean): void {
    const { tally, owners, frames, guest } = this;
    for (const { stretch, begin, from, to } of this.stretchesOf(first, end))
      for (let at = from, next = from; at < to; at = next) {
        next = endOfRun(stretch.states, at, to);
        const pages = next - at;
        const state = stretch.states[at] ?? PAGE_ABSENT;
        const kind = state & PAGE_KIND;
        if (kind === PAGE_ABSENT) continue;
        if (!counts) {
          tally.notAdvised += pages;
          continue;
        }
        tally.present += pages;
        if (isAdvised) tally.advised += pages;
        if (kind === PAGE_RESTLESS) tally.restless += pages;
        if ((state & PAGE_MERGED) !== 0) tally.merged += pages;
        if (kind !== PAGE_SHARED) continue;
        for (let page = begin + at; page < begin + next; page++)
          owners.add(frames.ownerOf(guest.id, page));
      }
  }
}

/** Mappings in order of address. Of two that overlap the first has what is in both. */
export function* partsOf({
  facts,
  mappings,
}: RecordedGuest): Generator<MemoryPart, void, undefined> {
  let next = 0;
  for (const mapping of [...mappings.values()].sort((a, b) => a.page - b.page)) {
    const first = Math.max(mapping.page, next);
    const end = mapping.page + mapping.pages;
    if (first >= end) continue;
    next = end;
    const isAdvised = countsAsAdvised(facts, mapping);
    yield { first, end, node: mapping.node, isAdvised };
  }
}

/** Where, before `to`, pages end that are all what the one at `at` is. */
function endOfRun(states: Uint8Array, at: number, to: number): number {
  const state = states[at];
  let end = at + 1;
  while (end < to && states[end] === state) end++;
  return end;
}

/** Where in ascending numbers the first one of at least `value` is. */
function firstAtLeast(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
