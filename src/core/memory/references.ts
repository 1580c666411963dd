/**
 * Who refers to a frame, and whose KSM page it is.
 *
 * A frame lives while its mapcount is above 0: one for each pte that maps it, and one for whoever
 * holds a reference for a moment. The last to drop one frees it, whichever thread that is; the
 * stable node it belonged to is forgotten first, which is how a stable node goes stale. Any thread.
 */
import {
  CTL_FRAME_WAITERS,
  CTL_FRAMES_FREED,
  CTL_STALE_NODES,
  FRAME_FLAGS,
  FRAME_FOLIO_MASK,
  FRAME_FOLIO_SHIFT,
  FRAME_KSM,
  FRAME_MAPCOUNT,
  FRAME_NUMA_NODE_MASK,
  FRAME_STABLE_NODE,
} from '../layout';
import {
  atomicAdd,
  atomicLoad,
  atomicOr,
  atomicStore,
  compareExchange,
  load,
  notify,
} from '../words';
import { frameEntry, frameGive, frameTake } from './frames';

/** A frame with one reference, its bytes whatever they were; 0 if none is free. */
export function frameNew(numaNode: u32): u32 {
  const frame = frameTake();
  if (frame == 0) return 0;
  atomicStore(frameEntry(frame) + FRAME_FLAGS, numaNode);
  atomicStore(frameEntry(frame) + FRAME_MAPCOUNT, 1);
  return frame;
}

/** Takes one more reference. False if the frame is free. */
export function frameGet(frame: u32): bool {
  const word = frameEntry(frame) + FRAME_MAPCOUNT;
  // Plain: the exchange finds out if it is no longer so.
  let count = load(word);
  while (count != 0) {
    const found = compareExchange(word, count, count + 1);
    if (found == count) return true;
    count = found;
  }
  return false;
}

/** Drops a reference; the last one frees the frame. */
export function framePut(frame: u32): void {
  const entry = frameEntry(frame);
  if (atomicAdd(entry + FRAME_MAPCOUNT, -1) != 1) return;
  if (atomicLoad(entry + FRAME_STABLE_NODE) != 0) {
    // Counted first: while the count is 0, whatever was read of KSM pages was theirs.
    atomicAdd(CTL_STALE_NODES, 1);
    atomicStore(entry + FRAME_STABLE_NODE, 0);
  }
  frameGive(frame);
  if (atomicLoad(CTL_FRAME_WAITERS) == 0) return;
  atomicAdd(CTL_FRAMES_FREED, 1);
  notify(CTL_FRAMES_FREED);
}

/** How many ptes map the frame, plus references held for a moment. */
export function mapcountOf(frame: u32): u32 {
  return atomicLoad(frameEntry(frame) + FRAME_MAPCOUNT);
}

/** Pointer of the stable node whose KSM page this is; 0 if it is none. */
export function stableNodeOf(frame: u32): u32 {
  return atomicLoad(frameEntry(frame) + FRAME_STABLE_NODE);
}

/** Scanner only, while it holds a reference. */
export function setStableNode(frame: u32, stable: u32): void {
  setKsmPage(frame);
  atomicStore(frameEntry(frame) + FRAME_STABLE_NODE, stable);
}

/** NUMA node of a frame in use. */
export function numaNodeOf(frame: u32): u32 {
  return atomicLoad(frameEntry(frame) + FRAME_FLAGS) & FRAME_NUMA_NODE_MASK;
}

/** KSM has write-protected it for good. */
export function isKsmPage(frame: u32): bool {
  return (atomicLoad(frameEntry(frame) + FRAME_FLAGS) & FRAME_KSM) != 0;
}

/** No pte writes it in place from now on. Scanner only, holding the lock of one that maps it. */
export function setKsmPage(frame: u32): void {
  atomicOr(frameEntry(frame) + FRAME_FLAGS, FRAME_KSM);
}

/** The number of the huge page that it is a part of; 0: none. */
export function folioOf(frame: u32): u32 {
  return atomicLoad(frameEntry(frame) + FRAME_FLAGS) >> FRAME_FOLIO_SHIFT;
}

/** A frame that nobody else knows yet becomes part of a huge page. */
export function setFolio(frame: u32, folio: u32): void {
  atomicOr(frameEntry(frame) + FRAME_FLAGS, folio << FRAME_FOLIO_SHIFT);
}

/** Unless it has become part of another, the frame is no longer part of the huge page `folio`. */
export function clearFolio(frame: u32, folio: u32): void {
  const word = frameEntry(frame) + FRAME_FLAGS;
  let flags = load(word);
  while (flags >> FRAME_FOLIO_SHIFT == folio) {
    const found = compareExchange(word, flags, flags & ~FRAME_FOLIO_MASK);
    if (found == flags) return;
    flags = found;
  }
}
