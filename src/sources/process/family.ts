/**
 * Processes that a fork has made of one another: which pages of one are still the same frames as
 * another's, at the same addresses, and what is different.
 */
import type { ProcessLayout } from './process-source.js';

/** Of a region of the earlier process, by ranges in bytes. */
export interface RegionDifference {
  /** Where the earlier one's region begins. */
  readonly region: number;
  /** Nothing of it is there in the later one. */
  readonly isGone: boolean;
  /** Present in the earlier one only. */
  readonly dropped: readonly Range[];
  /** Present in the later one, in another frame. */
  readonly changed: readonly Range[];
}

export interface Range {
  readonly start: number;
  end: number;
}

export interface FamilyDifference {
  readonly regions: readonly RegionDifference[];
  /** What the later one has where the earlier one has no region. */
  readonly added: readonly (Range & { readonly huge: boolean })[];
  readonly sharedPages: number;
}

/** How many pages of `later` are the same frames as those of `earlier`. */
export function sharedPages(
  earlier: ReadonlyMap<number, number>,
  later: ReadonlyMap<number, number>,
): number {
  let shared = 0;
  for (const [address, frame] of later) if (earlier.get(address) === frame) shared++;
  return shared;
}

/** By address, the frames that something else maps too. */
export function sharedFrames(layout: ProcessLayout, pageSize: number): Map<number, number> {
  const frames = new Map<number, number>();
  for (const { spans } of layout.regions)
    for (const { address, frames: ofSpan } of spans)
      ofSpan?.forEach((frame, page) => {
        if (frame !== 0) frames.set(address + page * pageSize, frame);
      });
  return frames;
}

export function differenceOf(
  earlier: ProcessLayout,
  later: ProcessLayout,
  pageSize: number,
): FamilyDifference {
  const before = presentPages(earlier, pageSize);
  const now = presentPages(later, pageSize);
  let shared = 0;
  const regions = earlier.regions.map(({ address: region, length }): RegionDifference => {
    const dropped: Range[] = [];
    const changed: Range[] = [];
    let isGone = true;
    for (let at = region; at < region + length; at += pageSize) {
      const was = before.get(at);
      const is = now.get(at);
      now.delete(at);
      if (is === undefined) {
        if (was !== undefined) addPage(dropped, at, pageSize);
        continue;
      }
      isGone = false;
      if (is !== 0 && is === was) shared++;
      else addPage(changed, at, pageSize);
    }
    return { region, isGone, dropped, changed };
  });
  const added: (Range & { huge: boolean })[] = [];
  for (const { huge, spans } of later.regions)
    for (const { address, length } of spans)
      for (let at = address; at < address + length; at += pageSize) {
        if (!now.has(at)) continue;
        const last = added.at(-1);
        if (last?.end === at && last.huge === huge) last.end = at + pageSize;
        else added.push({ start: at, end: at + pageSize, huge });
      }
  return { regions, added, sharedPages: shared };
}

/** By address: the frame, if something else maps it too; else 0. */
function presentPages(layout: ProcessLayout, pageSize: number): Map<number, number> {
  const pages = new Map<number, number>();
  for (const { spans } of layout.regions)
    for (const { address, length, frames } of spans)
      for (let page = 0; page < length / pageSize; page++)
        pages.set(address + page * pageSize, frames?.[page] ?? 0);
  return pages;
}

function addPage(ranges: Range[], at: number, pageSize: number): void {
  const last = ranges.at(-1);
  if (last?.end === at) last.end = at + pageSize;
  else ranges.push({ start: at, end: at + pageSize });
}
