/**
 * Recorded guests that a fork has made of one another: what makes a copy of an earlier one into a
 * later one.
 */
import type { RecordedFrames } from './recorded-frames.js';
import { STRETCH_PAGES } from './recorded-host.js';
import type { RecordedMemory } from './recorded-memory.js';

/** Pages in a row: in the earlier one only, in another frame of the later one, or shared. */
export interface Difference {
  readonly kind: 'dropped' | 'changed' | 'shared';
  readonly page: number;
  readonly pages: number;
}

/** Of a range of pages, in order of address. */
export function* differencesOf(
  frames: RecordedFrames,
  earlier: RecordedMemory,
  later: RecordedMemory,
  first = 0,
  end = Number.POSITIVE_INFINITY,
): Generator<Difference, void, undefined> {
  const [before, now] = [new Uint32Array(STRETCH_PAGES), new Uint32Array(STRETCH_PAGES)];
  const places = new Set([...earlier.placesOf(first, end), ...later.placesOf(first, end)]);
  let last: { kind: Difference['kind']; page: number; pages: number } | undefined;
  for (const place of [...places].sort((a, b) => a - b)) {
    const begin = place * STRETCH_PAGES;
    const range = [Math.max(begin, first), Math.min(begin + STRETCH_PAGES, end)] as const;
    noteOwners(frames, earlier, ...range, before);
    noteOwners(frames, later, ...range, now);
    for (let page = range[0]; page < range[1]; page++) {
      const is = now[page - begin] ?? 0;
      const was = before[page - begin] ?? 0;
      if (is === 0 && was === 0) continue;
      const kind = is === 0 ? 'dropped' : is === was ? 'shared' : 'changed';
      if (last?.kind === kind && last.page + last.pages === page) last.pages++;
      else {
        if (last !== undefined) yield last;
        last = { kind, page, pages: 1 };
      }
    }
  }
  if (last !== undefined) yield last;
}

/** How many pages of two guests are the same frames. */
export function sharedPages(
  frames: RecordedFrames,
  earlier: RecordedMemory,
  later: RecordedMemory,
): number {
  if (![...later.owners].some((owner) => earlier.owners.has(owner))) return 0;
  let shared = 0;
  for (const { kind, pages } of differencesOf(frames, earlier, later))
    if (kind === 'shared') shared += pages;
  return shared;
}

/** For each page of a stretch's range: whose frame it maps, plus one; 0 where it is not present. */
function noteOwners(
  frames: RecordedFrames,
  memory: RecordedMemory,
  first: number,
  end: number,
  owners: Uint32Array,
): void {
  owners.fill(0);
  for (const { page, pages } of memory.spans(first, end))
    for (let at = page; at < page + pages; at++)
      owners[at % STRETCH_PAGES] = frames.ownerOf(memory.guest.id, at) + 1;
}
