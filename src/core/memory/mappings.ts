/**
 * Counts of ptes that map something: of each guest, and of each group of slots, by which the
 * scanner passes over untouched memory. Any thread, holding the pte's lock.
 */
import {
  CTL_POPULATION_TABLE,
  CTL_SLOT_TABLE,
  CTL_ZERO_PAGES,
  GUEST_PRESENT_PAGES,
  GUEST_ZERO_PAGES,
  POPULATION_SHIFT,
  PTE_FRAME,
  REGION_GUEST,
  SLOT_REGION,
  SLOT_WORDS,
} from '../layout';
import { atomicAdd, load, store } from '../words';
import { framePut } from './references';

/** The guest whose page the slot is. */
export function guestOf(slot: u32): u32 {
  return load(load(slot + SLOT_REGION) + REGION_GUEST);
}

/** Adds to how many ptes and rmap items there are in the slot's group. */
export function populate(slot: u32, change: i32): void {
  const index = (slot - load(CTL_SLOT_TABLE)) / SLOT_WORDS;
  atomicAdd(load(CTL_POPULATION_TABLE) + (index >> POPULATION_SHIFT), change);
}

/** The pte, present until now, names no frame any more. */
export function unmapFrame(slot: u32): void {
  const frame = load(slot + PTE_FRAME);
  store(slot + PTE_FRAME, 0);
  framePut(frame);
  atomicAdd(guestOf(slot) + GUEST_PRESENT_PAGES, -1);
  populate(slot, -1);
}

/** The pte maps the zero page from now on (1) or no longer (-1). */
export function countZeroPage(slot: u32, change: i32): void {
  atomicAdd(CTL_ZERO_PAGES, change);
  atomicAdd(guestOf(slot) + GUEST_ZERO_PAGES, change);
}
