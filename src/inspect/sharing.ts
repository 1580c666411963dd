/**
 * Whose pages stand behind what KSM saves, and what is in them. Zeroes are told apart: they may be
 * memory that was never used, and a machine that comes to use it takes it back. What a fork shares
 * is none of it, so it adds up to what is saved (savings.ts), but for pages of forks that KSM is
 * still moving.
 *
 * Looks at every page, while all threads go on.
 */
import {
  CTL_FRAMES,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  SLOT_REGION,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import { kinStarts } from './kin.js';
import { unchanged } from './unchanged.js';

const ZERO_FRAME = 0;

/** Pages that need no frame of their own: all that map a KSM page but the first. */
export interface Sharing {
  /** Of zeroes, and those that map the zero page. */
  readonly zeroPages: number;
  /** Others, equal to a page of the same guest. */
  readonly withinGuestPages: number;
  /** Others, equal to pages of other guests only. */
  readonly betweenGuestsPages: number;
}

/** Undefined if guests or regions change meanwhile. */
export function* takeSharing(host: Host): LongWork<Sharing | undefined> {
  const { frames, memory } = host.machine;
  const { i32, core } = memory;
  const guests = host.guests.names();
  const isUnchanged = unchanged(host, ...guests);
  // By frame: the guest that its KSM page was met in last, by its place in the list from 1 on; 0 if
  // it was not met yet, ZEROES if it is of those. A Map ends at 16.7 million entries.
  const metIn = new Int32Array(i32[CTL_FRAMES]);
  const ZEROES = -1;
  let [zeroPages, withinGuestPages, betweenGuestsPages] = [0, 0, 0];
  for (const [place, guest] of guests.entries())
    for (const { name, pages } of host.guests.regionsOf(guest)) {
      const first = host.guests.firstSlot(guest, name);
      const kin = kinStarts(host.machine, i32[first + SLOT_REGION]);
      for (let page = 0; page < pages; page++) {
        if (page % PAGES_A_STEP === 0) {
          yield;
          if (!isUnchanged()) return undefined;
        }
        const slot = first + page * SLOT_WORDS;
        const state = i32[slot + PTE_STATE];
        if ((state & (PTE_ZERO | PTE_PRESENT)) === 0) continue;
        const frame = i32[slot + PTE_FRAME];
        if ((state & PTE_PRESENT) !== 0 && !frames.isKsm(frame)) continue;
        if (kin.some((start) => sharesSince(i32, start + page * SLOT_WORDS, slot))) continue;
        if ((state & PTE_ZERO) !== 0) {
          zeroPages++;
          continue;
        }
        const before = metIn[frame];
        if (before === 0)
          metIn[frame] = core.framesEqual(frame, ZERO_FRAME) !== 0 ? ZEROES : place + 1;
        else if (before === ZEROES) zeroPages++;
        else if (before === place + 1) withinGuestPages++;
        else {
          betweenGuestsPages++;
          metIn[frame] = place + 1;
        }
      }
    }
  return { zeroPages, withinGuestPages, betweenGuestsPages };
}

/**
 * Whether two pages at one place of kin map one frame, or the zero page: of all that do so, the
 * first in memory stands for the rest.
 */
function sharesSince(i32: Int32Array, kin: number, slot: number): boolean {
  if (kin >= slot) return false;
  const both = i32[kin + PTE_STATE] & i32[slot + PTE_STATE];
  if ((both & PTE_ZERO) !== 0) return true;
  return (both & PTE_PRESENT) !== 0 && i32[kin + PTE_FRAME] === i32[slot + PTE_FRAME];
}
