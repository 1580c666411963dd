/**
 * Pages of a recorded guest, one by one, as they are told at a moment. The work goes with what is
 * present, not with addresses.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { MAPPING_ADVISED, PAGE_ABSENT, PAGE_KIND } from './format.js';
import {
  type RecordedGuest,
  type RecordedHost,
  type RecordedStretch,
  STRETCH_PAGES,
} from './recorded-host.js';
import type { GuestFacts, MappingFacts } from './records.js';

/**
 * `fingerprints` has the page's content at `offset`, if a content is told of it; `isAdvised`: KSM
 * looks at it.
 */
export type VisitPage = (
  state: number,
  isAdvised: boolean,
  mapping: MappingFacts,
  fingerprints: () => Buffer,
  offset: number,
  page: number,
) => void;

/** Those that are present, mapping by mapping. */
export function eachPage(guest: RecordedGuest, visit: VisitPage): void {
  for (const mapping of guest.mappings.values()) {
    const { page: first, pages } = mapping;
    const isAdvised = countsAsAdvised(guest.facts, mapping);
    const end = first + pages;
    for (const [place, stretch] of stretchesOf(guest, first, end)) {
      const begin = place * STRETCH_PAGES;
      const from = Math.max(first - begin, 0);
      const to = Math.min(end - begin, STRETCH_PAGES);
      const fingerprints = (): Buffer => stretch.fingerprints;
      for (let index = from; index < to; index++) {
        const state = stretch.states[index] ?? PAGE_ABSENT;
        if ((state & PAGE_KIND) !== PAGE_ABSENT)
          visit(state, isAdvised, mapping, fingerprints, index * FINGERPRINT_BYTES, begin + index);
      }
    }
  }
}

/** Those that have pages of a range. */
function* stretchesOf(
  { stretches }: RecordedGuest,
  first: number,
  end: number,
): Generator<[number, RecordedStretch], void, undefined> {
  const from = Math.floor(first / STRETCH_PAGES);
  const to = Math.ceil(end / STRETCH_PAGES);
  if (to - from > stretches.size) {
    for (const each of stretches) if (each[0] >= from && each[0] < to) yield each;
    return;
  }
  for (let place = from; place < to; place++) {
    const stretch = stretches.get(place);
    if (stretch !== undefined) yield [place, stretch];
  }
}

/** Whether any of them decides that only what is advised counts. */
export function hasAnyAdvised(guests: Iterable<RecordedGuest>): boolean {
  return [...guests].some(
    ({ facts, mappings }) =>
      decidesForAdvised(facts) ||
      [...mappings.values()].some((mapping) => decidesForAdvised(facts, mapping)),
  );
}

/**
 * Whether a guest, or a mapping of it, has only what is advised count, of all guests. Of an image
 * nobody has advised anything: its pages count whether others have or not. Where a device has
 * access nothing merges, advised or not.
 */
export function decidesForAdvised(facts: GuestFacts, mapping?: MappingFacts): boolean {
  if (isImage(facts) || facts.isPinned) return false;
  return facts.mergesAny || (mapping !== undefined && isMappingAdvised(mapping));
}

/** Whether something of a guest was advised. */
export function hasAdvised({ facts, mappings }: RecordedGuest): boolean {
  return facts.mergesAny || [...mappings.values()].some(isMappingAdvised);
}

/** Whether a mapping's pages count where only what is advised does. */
export function countsAsAdvised(facts: GuestFacts, mapping: MappingFacts): boolean {
  return facts.mergesAny || isMappingAdvised(mapping) || isImage(facts);
}

/** Of all processes it is known which of their frames a fork shares, and KSM has merged. */
export function areFramesTold({ guests }: RecordedHost): boolean {
  return [...guests.values()].every(({ facts }) => facts.tellsFrames !== false);
}

/** It is no process. */
export function isImage({ pid }: GuestFacts): boolean {
  return pid === 0;
}

export function isMappingAdvised({ flags }: MappingFacts): boolean {
  return (flags & MAPPING_ADVISED) !== 0;
}
