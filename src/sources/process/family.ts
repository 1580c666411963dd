/**
 * Processes that a fork has made of one another: which pages of one are still the same frames as
 * another's, at the same addresses, and what is different.
 */
import { MAX_GAP_BYTES, type ProcessLayout } from './process-source.js';

export interface Range {
  readonly start: number;
  end: number;
}

/** A region that the guest of the earlier process has, in bytes. */
export interface GuestRegion {
  readonly name: string;
  readonly address: number;
  readonly length: number;
}

export interface RegionDifference {
  readonly region: GuestRegion;
  /** Nothing of it is there in the later one. */
  readonly isGone: boolean;
  /** Present in the earlier one only. */
  readonly dropped: readonly Range[];
  /** Present in the later one, in another frame. */
  readonly changed: readonly Range[];
}

/** A region to be made, and what is present in it. */
export interface AddedRegion extends Range {
  readonly huge: boolean;
  readonly node: number | undefined;
  readonly present: Range[];
}

export interface FamilyDifference {
  readonly regions: readonly RegionDifference[];
  /** What the later one has where the earlier one's guest has no region. */
  readonly added: readonly AddedRegion[];
  /** The same frames in both. */
  readonly shared: readonly Range[];
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

/**
 * What makes a copy of the earlier one's guest, with these regions, into a guest of the later one.
 */
export function differenceOf(
  guest: readonly GuestRegion[],
  earlier: ProcessLayout,
  later: ProcessLayout,
  pageSize: number,
): FamilyDifference {
  const before = presentPages(earlier, pageSize);
  const now = presentPages(later, pageSize);
  const shared: Range[] = [];
  const regions = guest.map((region): RegionDifference => {
    const dropped: Range[] = [];
    const changed: Range[] = [];
    let isGone = true;
    for (let at = region.address; at < region.address + region.length; at += pageSize) {
      const was = before.get(at);
      const is = now.get(at);
      now.delete(at);
      if (is === undefined) {
        if (was !== undefined) addPage(dropped, at, pageSize);
        continue;
      }
      isGone = false;
      addPage(is !== 0 && is === was ? shared : changed, at, pageSize);
    }
    return { region, isGone, dropped, changed };
  });
  return { regions, added: addedRegions(guest, later, now, pageSize), shared };
}

/** Of pages that are left in `now`, those near one another are one region, where there is room. */
function addedRegions(
  guest: readonly GuestRegion[],
  later: ProcessLayout,
  now: ReadonlyMap<number, number>,
  pageSize: number,
): AddedRegion[] {
  const added: AddedRegion[] = [];
  for (const { huge, node, spans } of later.regions)
    for (const { address, length } of spans)
      for (let at = address; at < address + length; at += pageSize) {
        if (!now.has(at)) continue;
        const last = added.at(-1);
        const joins =
          last !== undefined &&
          last.huge === huge &&
          last.node === node &&
          at - last.end <= (huge ? 0 : MAX_GAP_BYTES) &&
          !guest.some((region) => region.address < at && region.address + region.length > last.end);
        if (joins) {
          last.end = at + pageSize;
          addPage(last.present, at, pageSize);
        } else {
          const range = { start: at, end: at + pageSize };
          added.push({ ...range, huge, node, present: [{ ...range }] });
        }
      }
  return added;
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
