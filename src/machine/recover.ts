/**
 * After a thread has died: its locks are let go and everything that can be counted is counted anew
 * from the ptes.
 *
 * Frames and ptes are the truth. A thread may have died between any two of its steps. What it was
 * doing to the page it had locked is finished or undone here, whichever keeps the guest's bytes. To
 * be called while every other thread stands still.
 */
import {
  CTL_FRAMES,
  CTL_FRAMES_FREED,
  CTL_FRAMES_USED,
  CTL_FREE_MAP,
  CTL_FRESH_FRAME,
  CTL_POPULATION_TABLE,
  CTL_SLOTS,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODES_USED,
  CTL_STALE_NODES,
  CTL_ZERO_PAGES,
  FRAME_MAPCOUNT,
  FRAME_STABLE_NODE,
  FRAME_WORDS,
  GUEST_PRESENT_PAGES,
  GUEST_ZERO_PAGES,
  POPULATION_SHIFT,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HOLDER_MASK,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  RMAP_FLAGS,
  RMAP_IN_USE,
  SLOT_WORDS,
} from '../core/layout.js';
import { type LongWork, PAGES_A_STEP } from './long-work.js';
import type { Machine } from './machine.js';

/**
 * Lets go of the pte locks of `holder`, a thread that is gone, and counts frames and pages anew.
 * How many locks it held.
 */
export function* recover(machine: Machine, holder: number): LongWork<number> {
  const { i32 } = machine.memory;
  let locks = 0;
  yield* eachSlot(machine, (slot) => {
    if ((i32[slot + PTE_STATE] & PTE_HOLDER_MASK) !== holder) return;
    settle(i32, slot);
    locks++;
  });
  machine.stretches.release(holder);
  yield* recount(machine);
  return locks;
}

/** Calls `visit` with every slot of every region of every guest. */
export function* eachSlot(
  machine: Machine,
  visit: (slot: number, guest: number, region: number) => void,
): LongWork {
  const { regions } = machine;
  for (const guest of machine.guests.inUse()) {
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      const first = regions.slot(region, regions.vpn(region));
      const end = regions.endSlot(region);
      for (let slot = first; slot < end; slot += SLOT_WORDS) {
        visit(slot, guest, region);
        if ((slot - first) % (PAGES_A_STEP * SLOT_WORDS) === 0) yield;
      }
    }
  }
}

/**
 * A pte whose holder died. A frame it names holds what the guest should see, for frames are
 * complete before a pte names them; one that says it is present but names none was on its way to
 * the zero page. The frame may have become shared, so it is not to be written in place.
 */
function settle(i32: Int32Array, slot: number): void {
  const flags = (i32[slot + PTE_STATE] & ~(PTE_HOLDER_MASK | PTE_OWN)) | PTE_DIRTY;
  if (i32[slot + PTE_FRAME] !== 0) i32[slot + PTE_STATE] = (flags & ~PTE_ZERO) | PTE_PRESENT;
  else
    i32[slot + PTE_STATE] = (flags & PTE_PRESENT) !== 0 ? (flags & ~PTE_PRESENT) | PTE_ZERO : flags;
}

function* recount(machine: Machine): LongWork {
  const { i32, frameTable, slotTable } = machine.memory;
  const fresh = i32[CTL_FRESH_FRAME];
  for (let frame = 0; frame < fresh; frame++) {
    i32[frameTable + frame * FRAME_WORDS + FRAME_MAPCOUNT] = 0;
    if (frame % PAGES_A_STEP === 0) yield;
  }
  const population = i32[CTL_POPULATION_TABLE];
  i32.fill(0, population, population + (i32[CTL_SLOTS] >> POPULATION_SHIFT) + 1);
  i32[CTL_ZERO_PAGES] = 0;
  for (const guest of machine.guests.inUse()) {
    i32[guest + GUEST_PRESENT_PAGES] = 0;
    i32[guest + GUEST_ZERO_PAGES] = 0;
  }
  yield* eachSlot(machine, (slot, guest) => {
    const state = i32[slot + PTE_STATE];
    const group = population + (((slot - slotTable) / SLOT_WORDS) >> POPULATION_SHIFT);
    if ((state & PTE_PRESENT) !== 0) {
      const entry = frameTable + i32[slot + PTE_FRAME] * FRAME_WORDS;
      i32[entry + FRAME_MAPCOUNT]++;
      i32[guest + GUEST_PRESENT_PAGES]++;
      i32[group]++;
    } else if ((state & PTE_ZERO) !== 0) {
      i32[guest + GUEST_ZERO_PAGES]++;
      i32[CTL_ZERO_PAGES]++;
    }
    if ((i32[slot + RMAP_FLAGS] & RMAP_IN_USE) !== 0) i32[group]++;
  });
  for (const frames of machine.pinned) {
    for (const frame of frames)
      if (frame !== 0) i32[frameTable + frame * FRAME_WORDS + FRAME_MAPCOUNT]++;
  }
  yield* freeUnmapped(machine, fresh);
}

/**
 * The free map, anew: every frame once used that no pte maps; and how many stable nodes are left
 * without a frame.
 */
function* freeUnmapped(machine: Machine, fresh: number): LongWork {
  const { i32, frameTable } = machine.memory;
  const freeMap = i32[CTL_FREE_MAP];
  i32.fill(0, freeMap, freeMap + (i32[CTL_FRAMES] >> 5) + 1);
  let used = Math.min(fresh, i32[CTL_FRAMES]) - 1;
  let stale = i32[CTL_STABLE_NODES_USED] - i32[CTL_STABLE_NODE_CHAINS];
  for (let frame = 1; frame < fresh; frame++) {
    if (frame % PAGES_A_STEP === 0) yield;
    const entry = frameTable + frame * FRAME_WORDS;
    if (i32[entry + FRAME_MAPCOUNT] !== 0) {
      if (i32[entry + FRAME_STABLE_NODE] !== 0) stale--;
      continue;
    }
    i32[entry + FRAME_STABLE_NODE] = 0;
    i32[freeMap + (frame >> 5)] |= 1 << (frame & 31);
    used--;
  }
  i32[CTL_FRAMES_USED] = used;
  i32[CTL_STALE_NODES] = stale;
  // Some of them may have come free just now.
  Atomics.add(i32, CTL_FRAMES_FREED, 1);
  Atomics.notify(i32, CTL_FRAMES_FREED);
}
