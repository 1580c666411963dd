/**
 * Rmap items: what the scanner knows of a page between its visits. They live in the page's slot,
 * beside its pte.
 *
 * An item comes when the scanner first meets a present page and goes when the scanner next passes
 * and finds the page gone: until then the counters still count it, as the kernel's do. Scanner
 * only.
 */

import { countItemMade } from '../kernel-work';
import {
  CTL_RMAP_ITEMS,
  GUEST_RMAP_ITEMS,
  PTE_DIRTY,
  PTE_HASHED,
  PTE_STATE,
  REGION_RMAP_ITEMS,
  RMAP_CHANGES,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_IN_USE,
  RMAP_NEXT,
  RMAP_PREV,
  RMAP_STABLE,
  RMAP_UNSTABLE,
  SLOT_REGION,
  STABLE_FIRST,
} from '../layout';
import { guestOf, populate } from '../memory/mappings';
import { isCurrent, stableNodeRemove, stableNodeUnlist } from '../trees/stable-nodes';
import { unstableMove, unstableRemove } from '../trees/unstable-tree';
import { add, load, store } from '../words';

/** The scanner knows the page from now on. */
export function rmapItemCreate(slot: u32): void {
  store(slot + RMAP_FLAGS, RMAP_IN_USE);
  store(slot + RMAP_CHANGES, 0);
  countItemMade();
  countItem(slot, 1);
}

/** Takes the item out of whatever it is in and forgets it. */
export function rmapItemDestroy(slot: u32): void {
  rmapItemDetach(slot);
  store(slot + RMAP_FLAGS, 0);
  countItem(slot, -1);
}

/**
 * Takes the item out of the tree or off the list it is in, if any. A stale stable node goes whole.
 */
export function rmapItemDetach(slot: u32): void {
  const flags = load(slot + RMAP_FLAGS);
  if ((flags & RMAP_STABLE) != 0) {
    const stable = load(slot + RMAP_HEAD);
    if (isCurrent(stable)) stableNodeUnlist(slot);
    else stableNodeRemove(stable);
  } else if ((flags & RMAP_UNSTABLE) != 0) unstableRemove(slot);
}

/**
 * Hands an item on to another slot, for the same address of the same guest mapped anew. It keeps
 * its place in trees and lists, its age and its checksum.
 */
export function rmapItemMove(from: u32, to: u32): void {
  const flags = load(from + RMAP_FLAGS);
  for (let word: u32 = 0; word < <u32>RMAP_FLAGS; word++) store(to + word, load(from + word));
  store(to + RMAP_FLAGS, flags);
  store(to + PTE_STATE, load(to + PTE_STATE) | (load(from + PTE_STATE) & (PTE_HASHED | PTE_DIRTY)));
  if ((flags & RMAP_STABLE) != 0) {
    const prev = load(from + RMAP_PREV);
    const next = load(from + RMAP_NEXT);
    if (prev != 0) store(prev + RMAP_NEXT, to);
    else store(load(from + RMAP_HEAD) + STABLE_FIRST, to);
    if (next != 0) store(next + RMAP_PREV, to);
  } else if ((flags & RMAP_UNSTABLE) != 0) unstableMove(from, to);
  store(from + RMAP_FLAGS, 0);
  countItem(from, -1);
  countItem(to, 1);
}

function countItem(slot: u32, by: i32): void {
  const guest = guestOf(slot);
  const region = load(slot + SLOT_REGION);
  add(CTL_RMAP_ITEMS, by);
  add(guest + GUEST_RMAP_ITEMS, by);
  add(region + REGION_RMAP_ITEMS, by);
  populate(slot, by);
}
