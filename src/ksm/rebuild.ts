/**
 * Rebuilding what a scanner that died had in its trees, from frames and page tables alone.
 *
 * Pages that are merged stay merged: their frames become stable nodes again and their ptes' rmap
 * items are listed there. Everything else the scanner knew (unstable tree, checksums, ages) it
 * learns again from the next full scan on. To be called by the thread that has the machine to
 * itself.
 */
import {
  CTL_FRESH_FRAME,
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_PAGES_UNSHARED,
  CTL_RMAP_ITEMS,
  CTL_RUN,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODE_DUPS,
  CTL_STABLE_NODE_FREE,
  CTL_STABLE_NODE_FRESH,
  CTL_STABLE_NODES_USED,
  CTL_STABLE_ROOTS,
  EDGE_STABLE,
  FRAME_STABLE_NODE,
  FRAME_WORDS,
  GUEST_EXITING,
  GUEST_MERGING_PAGES,
  GUEST_ON_LIST,
  GUEST_RMAP_ITEMS,
  GUEST_STATE,
  MAX_NUMA_NODES,
  PTE_FRAME,
  PTE_HASHED,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  REGION_MERGEABLE,
  REGION_RMAP_ITEMS,
  SLOT_REGION,
} from '../core/layout.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import { type Machine, pinsOf } from '../machine/machine.js';
import { HOLDER_SCANNER } from '../machine/pte.js';
import { eachSlot, recover } from '../machine/recover.js';
import type { Ksm } from './ksm.js';
import { RUN_STOP, RUN_UNMERGE } from './run.js';

const SCANNER_COUNTERS = [
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_PAGES_UNSHARED,
  CTL_RMAP_ITEMS,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODE_DUPS,
  CTL_STABLE_NODE_FREE,
  CTL_STABLE_NODE_FRESH,
  CTL_STABLE_NODES_USED,
];

/**
 * Lets go of a dead scanner's locks, recounts the machine, and makes trees, rmap items and counters
 * of KSM anew.
 */
export function* rebuild(ksm: Ksm, nowMs: number): LongWork {
  const { machine } = ksm;
  // An unmerge that was not finished has stopped, as the kernel's does when it fails.
  if (machine.memory.i32[CTL_RUN] === RUN_UNMERGE)
    Atomics.store(machine.memory.i32, CTL_RUN, RUN_STOP);
  ksm.advisor.forget();
  machine.regions.reclaim();
  yield* forget(machine);
  yield* recover(machine, HOLDER_SCANNER);
  listGuests(ksm);
  const { i32 } = machine.memory;
  const merged = PTE_PRESENT | PTE_MERGEABLE;
  const pins = pinsOf(machine);
  yield* eachSlot(machine, (slot) => {
    if ((i32[slot + PTE_STATE] & (merged | PTE_WRITABLE)) !== merged) return;
    if (!machine.frames.isKsm(i32[slot + PTE_FRAME])) return;
    // A frame that one pte maps is that guest's own again, whoever else holds it for a while.
    const frame = i32[slot + PTE_FRAME];
    if (machine.frames.mapcount(frame) > 1 + pins[frame]) ksm.adopt(slot, nowMs);
    else machine.frames.disown(frame);
  });
}

/** Drops every rmap item, stable node and counter of the scanner's. */
function* forget(machine: Machine): LongWork {
  const { i32, frameTable } = machine.memory;
  for (const counter of SCANNER_COUNTERS) i32[counter] = 0;
  i32.fill(0, CTL_STABLE_ROOTS, CTL_STABLE_ROOTS + MAX_NUMA_NODES);
  machine.memory.core.edgeForgetAll(EDGE_STABLE);
  machine.memory.core.unstableReset();
  for (let frame = 0; frame < i32[CTL_FRESH_FRAME]; frame++) {
    i32[frameTable + frame * FRAME_WORDS + FRAME_STABLE_NODE] = 0;
    if (frame % PAGES_A_STEP === 0) yield;
  }
  yield* eachSlot(machine, (slot, guest, region) => {
    i32.fill(0, slot, slot + SLOT_REGION);
    // The checksum went with the rest.
    i32[slot + PTE_STATE] &= ~PTE_HASHED;
    i32[region + REGION_RMAP_ITEMS] = 0;
    i32[guest + GUEST_RMAP_ITEMS] = 0;
    i32[guest + GUEST_MERGING_PAGES] = 0;
  });
}

/**
 * The guest list anew: every guest with a mergeable region; ghosts and guests that have exited have
 * nothing left to wait for.
 */
function listGuests(ksm: Ksm): void {
  const { machine, list } = ksm;
  const { i32 } = machine.memory;
  list.clear();
  for (const guest of machine.guests.inUse()) {
    let mergeable = false;
    for (let region = machine.regions.first(guest); region !== 0; ) {
      const next = machine.regions.next(region);
      if (machine.regions.isGhost(region)) machine.regions.destroy(region);
      else if (i32[region + REGION_MERGEABLE] > 0) mergeable = true;
      region = next;
    }
    i32[guest + GUEST_ON_LIST] = 0;
    if (i32[guest + GUEST_STATE] === GUEST_EXITING) machine.guests.free(guest);
    else if (mergeable) list.enter(guest);
  }
}
