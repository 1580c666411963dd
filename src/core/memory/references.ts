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
  FRAME_MAPCOUNT,
  FRAME_NODE,
  FRAME_STABLE_NODE,
} from '../layout';
import { addShared, at, exchange, share, shared, wake } from '../words';
import { frameEntry, frameGive } from './frames';

/** Takes one more reference. False if the frame is free. */
export function frameGet(frame: u32): bool {
  const word = frameEntry(frame) + FRAME_MAPCOUNT;
  // Plain: the exchange finds out if it is no longer so.
  let count = at(word);
  while (count != 0) {
    const found = exchange(word, count, count + 1);
    if (found == count) return true;
    count = found;
  }
  return false;
}

/** Drops a reference; the last one frees the frame. */
export function framePut(frame: u32): void {
  const entry = frameEntry(frame);
  if (addShared(entry + FRAME_MAPCOUNT, -1) != 1) return;
  if (shared(entry + FRAME_STABLE_NODE) != 0) {
    // Counted first: while the count is 0, whatever was read of KSM pages was theirs.
    addShared(CTL_STALE_NODES, 1);
    share(entry + FRAME_STABLE_NODE, 0);
  }
  frameGive(frame);
  if (shared(CTL_FRAME_WAITERS) == 0) return;
  addShared(CTL_FRAMES_FREED, 1);
  wake(CTL_FRAMES_FREED);
}

/** Pointer of the stable node whose KSM page this is; 0 if it is none. */
export function stableNodeOf(frame: u32): u32 {
  return shared(frameEntry(frame) + FRAME_STABLE_NODE);
}

/** Scanner only, while it holds a reference. */
export function setStableNode(frame: u32, stable: u32): void {
  share(frameEntry(frame) + FRAME_STABLE_NODE, stable);
}

/** NUMA node of a frame in use. */
export function numaNodeOf(frame: u32): u32 {
  return shared(frameEntry(frame) + FRAME_NODE);
}
