/**
 * How many pages share a frame because their guests were forked: what KSM has no part in, and what
 * would be shared without it.
 *
 * Regions that were one before their guests forked are a family. Of the pages that lie at the same
 * place in each, those that map a frame which one of the others maps share it since the fork; all
 * but one of them are counted, once a frame. The zero page, where KSM has put it, is a frame as any
 * other here. Where KSM has given some of them another frame with the same bytes (one takes no more
 * mappings, or not all are merged yet), they are as if they shared still. (Pages that were written
 * alike since the fork, and merged by KSM at the same place, cannot be told from it.)
 *
 * Looks at every page of every family, while all threads go on.
 */
import {
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_KIN,
  REGION_SLOT,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { ringOf } from './kin.js';
import { unchanged } from './unchanged.js';

const ZERO_FRAME = 0;
const NO_FRAME = -1;

/** Region pointers. */
export type Family = readonly number[];

/** Those that have more than one region, good until regions change. */
export function families({ machine }: Host): Family[] {
  const { regions, memory } = machine;
  const found: Family[] = [];
  const met = new Set<number>();
  for (const guest of machine.guests.live()) {
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (memory.i32[region + REGION_KIN] === region || met.has(region)) continue;
      const family = ringOf(machine, region);
      for (const kin of family) met.add(kin);
      found.push(family);
    }
  }
  return found;
}

/** How many ptes there are to look at. */
export function pagesOf({ machine }: Host, found: readonly Family[]): number {
  return found.reduce((sum, family) => sum + family.length * pagesOfEach(machine, family), 0);
}

function pagesOfEach({ regions }: Machine, [region]: Family): number {
  return region === undefined ? 0 : regions.pages(region);
}

/** Counts them. Undefined if regions change meanwhile. */
export function* countForkSharing(
  host: Host,
  found: readonly Family[],
): LongWork<number | undefined> {
  const { machine } = host;
  const { i32 } = machine.memory;
  const isUnchanged = unchanged(host);
  const mapped = { frames: new Set<number>(), ofKsm: new Set<number>() };
  let sharing = 0;
  let looked = 0;
  for (const family of found) {
    const starts = family.map((region) => i32[region + REGION_SLOT]);
    const end = pagesOfEach(machine, family) * SLOT_WORDS;
    for (let at = 0; at < end; at += SLOT_WORDS) {
      sharing += sharingAt(machine, starts, at, mapped);
      looked += starts.length;
      if (looked < PAGES_A_STEP) continue;
      looked = 0;
      yield;
      if (!isUnchanged()) return undefined;
    }
  }
  return sharing;
}

/** What is mapped at one place of a family: different frames, and those of them that KSM made. */
interface Mapped {
  readonly frames: Set<number>;
  readonly ofKsm: Set<number>;
}

/** At one place of a family: pages that hold something, less the different ones that they map. */
function sharingAt(
  machine: Machine,
  starts: readonly number[],
  at: number,
  mapped: Mapped,
): number {
  const { i32 } = machine.memory;
  const { frames, ofKsm } = mapped;
  let sharing = 0;
  let last = NO_FRAME;
  frames.clear();
  ofKsm.clear();
  for (const start of starts) {
    const state = i32[start + at + PTE_STATE];
    if ((state & (PTE_PRESENT | PTE_ZERO)) === 0) continue;
    const frame = (state & PTE_PRESENT) === 0 ? ZERO_FRAME : i32[start + at + PTE_FRAME];
    // Most map what their neighbour maps.
    if (frame === last || frames.has(frame)) sharing++;
    else if (isMoved(machine, frame, mapped)) sharing++;
    last = frame;
  }
  return sharing;
}

/** KSM has moved a page from one of these frames to this one, or from this one to one of them. */
function isMoved(machine: Machine, frame: number, { frames, ofKsm }: Mapped): boolean {
  const isKsm = isOfKsm(machine, frame);
  let isFound = false;
  // What no KSM has touched since the fork is the same frame, or was written.
  for (const other of isKsm ? frames : ofKsm) isFound ||= areEqual(machine, frame, other);
  frames.add(frame);
  if (isKsm) ofKsm.add(frame);
  return isFound;
}

function isOfKsm({ frames }: Machine, frame: number): boolean {
  return frame === ZERO_FRAME || frames.isKsm(frame);
}

/** Read while guests may write to a frame that is theirs alone: then it is a moment's answer. */
function areEqual({ memory }: Machine, a: number, b: number): boolean {
  const bytesOf = (frame: number): Uint8Array =>
    memory.u8.subarray(memory.frameByte(frame), memory.frameByte(frame + 1));
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}
