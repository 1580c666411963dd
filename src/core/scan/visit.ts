/**
 * One visit of the scanner to a page: it is merged with a page of the same content, or waits in the
 * unstable tree for one, or has changed and is left alone. Linux: cmp_and_merge_page. Scanner only.
 */

import { countChecksum } from '../kernel-work';
import {
  CTL_CHANGE_DETECTION,
  CTL_CHECKSUM_FIRST,
  CTL_CHECKSUMS,
  CTL_MERGE_ACROSS_NODES,
  CTL_USE_ZERO_PAGES,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HASHED,
  PTE_PRESENT,
  PTE_STATE,
  RMAP_CHANGES,
  RMAP_FLAGS,
  RMAP_FULL,
  RMAP_SEEN,
  RMAP_SKIPPED,
} from '../layout';
import { frameChecksum } from '../memory/checksum';
import { pteRelease, pteTryTake } from '../memory/pte';
import { framePut, numaNodeOf, stableNodeOf } from '../memory/references';
import { hasNodesFor, stableNodeAppend } from '../trees/stable-nodes';
import { stableFind, stableInsert, wasFull } from '../trees/stable-tree';
import { isProven } from '../trees/unstable-search';
import { unstableFindOrInsert } from '../trees/unstable-tree';
import { addWide, atomicLoad, load, store } from '../words';
import { mergeIntoStable, mergeIntoZeroPage, mergeTwins } from './merge';
import { rmapItemDetach } from './rmap-items';

/** A KSM page made of two twins takes a stable node, and perhaps a chain for it. */
const NODES_FOR_TWINS: u32 = 2;
const ZERO_FRAME: u32 = 0;

/**
 * Visits a page that has an rmap item and is not settled (walk.ts). `nowMs` dates the pruning of
 * chains.
 */
export function visit(slot: u32, nowMs: u32): void {
  let frame = load(slot + PTE_FRAME);
  const own = stableNodeOf(frame);
  if (own != 0) {
    // The pte maps a KSM page, and its item is not listed there: list it.
    rmapItemDetach(slot);
    stableNodeAppend(own, slot);
    return;
  }
  store(slot + RMAP_FLAGS, load(slot + RMAP_FLAGS) & ~(RMAP_FULL | RMAP_SKIPPED));
  const checksumFirst: bool = load(CTL_CHECKSUM_FIRST) != 0;
  if (checksumFirst) {
    rmapItemDetach(slot);
    if (changesAgain(slot, frame) || mergesWithZeroPage(slot, frame)) return;
    frame = heldAfterSplit(slot, frame);
  }
  const acrossNodes: bool = load(CTL_MERGE_ACROSS_NODES) != 0;
  const numaNode = acrossNodes ? 0 : numaNodeOf(frame);
  const stable = stableFind(frame, numaNode, nowMs);
  rmapItemDetach(slot);
  if (stable != 0) {
    if (mergeIntoStable(slot, frame, stable)) stableNodeAppend(stable, slot);
    return;
  }
  if (!checksumFirst && (changesAgain(slot, frame) || mergesWithZeroPage(slot, frame))) return;
  if (wasFull) store(slot + RMAP_FLAGS, load(slot + RMAP_FLAGS) | RMAP_FULL);
  const twin = unstableFindOrInsert(slot, frame, numaNode, acrossNodes);
  if (twin != 0) joinTwins(slot, frame, twin, numaNode, nowMs);
}

/**
 * Two equal pages become a KSM page: the frame of the page scanned; the tree's item is its first.
 */
function joinTwins(slot: u32, frame: u32, twin: u32, numaNode: u32, nowMs: u32): void {
  // A frame shared outside the tree would never be found again.
  if (!hasNodesFor(NODES_FOR_TWINS)) return;
  if (!mergeTwins(slot, frame, twin, load(twin + PTE_FRAME), isProven)) return;
  rmapItemDetach(twin);
  const stable = stableInsert(frame, numaNode, nowMs);
  stableNodeAppend(stable, twin);
  stableNodeAppend(stable, slot);
  framePut(frame);
}

/** Whether the page has changed. Keeps count of visits that find so; the first has seen nothing. */
function changesAgain(slot: u32, frame: u32): bool {
  const seen: bool = (load(slot + RMAP_FLAGS) & RMAP_SEEN) != 0;
  const changed = hasChanged(slot, frame, seen);
  store(slot + RMAP_CHANGES, changed && seen ? load(slot + RMAP_CHANGES) + 1 : 0);
  return changed;
}

/**
 * Whether the page's checksum is another than at the last visit: a page that changes is not worth
 * searching for. A clean page's is the same. Of a dirty one the writer has left the checksum of
 * what it held before. A page being written counts as changed; with change_detection=dirty, so does
 * any that was written.
 */
function hasChanged(slot: u32, frame: u32, seen: bool): bool {
  countChecksum();
  if (seen && (atomicLoad(slot + PTE_STATE) & PTE_DIRTY) == 0) return false;
  const state = pteTryTake(slot);
  if (state == -1) return true;
  const hashed = PTE_DIRTY | PTE_HASHED;
  if (
    seen &&
    load(CTL_CHANGE_DETECTION) == 0 &&
    (state & hashed) == hashed &&
    load(slot + PTE_FRAME) == frame
  ) {
    const sum = frameChecksum(frame);
    addWide(CTL_CHECKSUMS, 1);
    const changed: bool = load(slot + PTE_CHECKSUM) != sum;
    store(slot + PTE_CHECKSUM, sum);
    pteRelease(slot, state & ~PTE_DIRTY);
    return changed;
  }
  // The first visit, or nothing is known of what it held.
  store(slot + RMAP_FLAGS, load(slot + RMAP_FLAGS) | RMAP_SEEN);
  pteRelease(slot, state & ~hashed);
  return true;
}

/**
 * The frame with the page's content. Where the split of a huge page has given the page back, the
 * kernel goes on with the zeroes that it held.
 */
function heldAfterSplit(slot: u32, frame: u32): u32 {
  const isGivenBack: bool =
    load(CTL_USE_ZERO_PAGES) != 0 && (atomicLoad(slot + PTE_STATE) & PTE_PRESENT) == 0;
  return isGivenBack ? ZERO_FRAME : frame;
}

/** A zero page's checksum is the zero checksum, so only the bytes have to be looked at. */
function mergesWithZeroPage(slot: u32, frame: u32): bool {
  return load(CTL_USE_ZERO_PAGES) != 0 && mergeIntoZeroPage(slot, frame);
}
