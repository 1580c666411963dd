/**
 * Counts of ptes that map something: of each guest, and of each group of slots, by which the
 * scanner passes over untouched memory. Any thread, holding the pte's lock.
 */
import {
  CTL_POPULATION_TABLE,
  CTL_SLOT_TABLE,
  CTL_ZERO_PAGES,
  GUEST_NUMA_NODE,
  GUEST_PRESENT_PAGES,
  GUEST_ZERO_PAGES,
  POPULATION_SHIFT,
  PTE_FRAME,
  REGION_GUEST,
  REGION_NUMA_NODE,
  SLOT_REGION,
  SLOT_WORDS,
} from '../layout';
import { atomicAdd, load, store } from '../words';
import { frameNew, framePut } from './references';

/** The guest whose page the slot is. */
export function guestOf(slot: u32): u32 {
  return load(load(slot + SLOT_REGION) + REGION_GUEST);
}

/** The NUMA node that new frames of the slot's page come from. */
export function nodeFor(slot: u32): u32 {
  const region = load(slot + SLOT_REGION);
  const own = load(region + REGION_NUMA_NODE);
  return own != 0 ? own - 1 : load(load(region + REGION_GUEST) + GUEST_NUMA_NODE);
}

/** A new frame for the slot's page, with one reference; 0 if none is free. */
export function frameFor(slot: u32): u32 {
  return frameNew(nodeFor(slot));
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
