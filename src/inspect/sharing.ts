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
import type { Machine } from '../machine/machine.js';
import { forkOf, kinStarts } from './kin.js';
import { unchanged } from './unchanged.js';

const ZERO_FRAME = 0;
/** A KSM page of zeroes. */
const ZEROES = -1;
/** A frame that was met only where forks would share one that was met before. */
const OF_FORKS = -2;

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
  // it was not met yet, or one of those below. A Map ends at 16.7 million entries.
  const metIn = new Int32Array(i32[CTL_FRAMES]);
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
        const forked = sharedSince(host.machine, kin, page * SLOT_WORDS, slot);
        if (forked === 'moved' && (state & PTE_PRESENT) !== 0 && metIn[frame] === 0)
          metIn[frame] = OF_FORKS;
        if (forked !== 'no' || ((state & PTE_PRESENT) !== 0 && !frames.isKsm(frame))) continue;
        if ((state & PTE_ZERO) !== 0) {
          zeroPages++;
          continue;
        }
        const before = metIn[frame];
        if (before === 0 || before === OF_FORKS)
          metIn[frame] = core.framesEqual(frame, ZERO_FRAME) !== 0 ? ZEROES : place + 1;
        else if (before === ZEROES) zeroPages++;
        else if (before === place + 1) withinGuestPages++;
        else {
          betweenGuestsPages++;
          metIn[frame] = place + 1;
        }
      }
    }
  // A frame more for what forks would share without KSM: less is saved by it.
  for (let frame = 0; frame < metIn.length; frame++) {
    if (frame % PAGES_A_STEP === 0) yield;
    if (metIn[frame] !== OF_FORKS) continue;
    if (core.framesEqual(frame, ZERO_FRAME) !== 0) zeroPages--;
    else if (withinGuestPages > 0) withinGuestPages--;
    else betweenGuestsPages--;
  }
  return {
    zeroPages: Math.max(0, zeroPages),
    withinGuestPages,
    betweenGuestsPages: Math.max(0, betweenGuestsPages),
  };
}

/**
 * Whether the page has been that of one of its kin since they forked (as fork-sharing.ts has it);
 * of all that are so, the first in memory stands for the rest. `moved`: KSM has given the one or
 * the other another frame, which none before it maps.
 */
function sharedSince(
  { memory: { i32 } }: Machine,
  kin: readonly number[],
  at: number,
  slot: number,
): 'no' | 'same' | 'moved' {
  const fork = forkOf(i32[slot + PTE_STATE]);
  if (fork === 0) return 'no';
  let found: 'no' | 'moved' = 'no';
  for (const start of kin) {
    const other = start + at;
    if (other >= slot || forkOf(i32[other + PTE_STATE]) !== fork) continue;
    // Both name no frame where they map the zero page.
    if (i32[other + PTE_FRAME] === i32[slot + PTE_FRAME]) return 'same';
    found = 'moved';
  }
  return found;
}
