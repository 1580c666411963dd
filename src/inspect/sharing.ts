/**
 * Whose pages stand behind what KSM saves, and what is in them. Zeroes are told apart: they may be
 * memory that was never used, and a machine that comes to use it takes it back.
 *
 * Looks at every page, while all threads go on.
 */
import {
  CTL_FRAMES,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
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
  const guests = host.guestNames();
  const isUnchanged = unchanged(host, ...guests);
  // By frame: the guest that its KSM page was met in last, by its place in the list from 1 on; 0 if
  // it was not met yet, ZEROES if it is of those. A Map ends at 16.7 million entries.
  const metIn = new Int32Array(i32[CTL_FRAMES]);
  const ZEROES = -1;
  let [zeroPages, withinGuestPages, betweenGuestsPages] = [0, 0, 0];
  for (const [place, guest] of guests.entries())
    for (const { name, pages } of host.regionsOf(guest)) {
      const first = host.firstSlot(guest, name);
      for (let page = 0; page < pages; page++) {
        if (page % PAGES_A_STEP === 0) {
          yield;
          if (!isUnchanged()) return undefined;
        }
        const state = i32[first + page * SLOT_WORDS + PTE_STATE];
        if ((state & PTE_ZERO) !== 0) zeroPages++;
        if ((state & PTE_PRESENT) === 0) continue;
        const frame = i32[first + page * SLOT_WORDS + PTE_FRAME];
        if (!frames.isKsm(frame)) continue;
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
