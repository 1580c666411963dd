/**
 * Frames of physical memory and who refers to them.
 *
 * A frame lives while its mapcount is above 0: one for each pte that maps it, and one for whoever holds a reference for a moment. The last to drop
 * one frees it, whichever thread that is; the stable node it belonged to is forgotten first, which is how a stable node goes stale.
 */
import {
  CTL_FRAME_WAITERS,
  CTL_FRAMES,
  CTL_FRAMES_FREED,
  CTL_FRAMES_USED,
  CTL_STALE_NODES,
  CTL_STORES_FAILED,
  FRAME_MAPCOUNT,
  FRAME_NODE,
  FRAME_STABLE_NODE,
  FRAME_WORDS,
} from '../core/layout.js';
import type { SharedMemory } from './memory.js';

export class Frames {
  private readonly i32: Int32Array;
  private readonly table: number;

  constructor(private readonly memory: SharedMemory) {
    this.i32 = memory.i32;
    this.table = memory.frameTable;
  }

  /** Frames that guests can use. */
  get total(): number {
    return this.i32[CTL_FRAMES] - 1;
  }

  get used(): number {
    // Counts one too many while a frame that was just given back is taken before that is counted.
    return Math.min(this.total, Atomics.load(this.i32, CTL_FRAMES_USED));
  }

  /** Stores given up for want of a frame. */
  get failedStores(): number {
    return Atomics.load(this.i32, CTL_STORES_FAILED);
  }

  /** A frame with one reference, its bytes whatever they were; 0 if none is free. */
  take(node: number): number {
    const frame = this.memory.core.frameTake();
    if (frame === 0) return 0;
    const entry = this.table + frame * FRAME_WORDS;
    Atomics.store(this.i32, entry + FRAME_NODE, node);
    Atomics.store(this.i32, entry + FRAME_MAPCOUNT, 1);
    return frame;
  }

  /** Takes one more reference, unless the frame is free. */
  get(frame: number): boolean {
    const word = this.table + frame * FRAME_WORDS + FRAME_MAPCOUNT;
    // Plain: the exchange finds out if it is no longer so.
    let count = this.i32[word];
    while (count > 0) {
      const found = Atomics.compareExchange(this.i32, word, count, count + 1);
      if (found === count) return true;
      count = found;
    }
    return false;
  }

  /** Drops a reference; the last one frees the frame. */
  put(frame: number): void {
    const entry = this.table + frame * FRAME_WORDS;
    if (Atomics.sub(this.i32, entry + FRAME_MAPCOUNT, 1) !== 1) return;
    if (Atomics.load(this.i32, entry + FRAME_STABLE_NODE) !== 0) {
      // Counted first: while the count is 0, whatever was read of KSM pages was theirs.
      Atomics.add(this.i32, CTL_STALE_NODES, 1);
      Atomics.store(this.i32, entry + FRAME_STABLE_NODE, 0);
    }
    this.memory.core.frameGive(frame);
    if (Atomics.load(this.i32, CTL_FRAME_WAITERS) === 0) return;
    Atomics.add(this.i32, CTL_FRAMES_FREED, 1);
    Atomics.notify(this.i32, CTL_FRAMES_FREED);
  }

  mapcount(frame: number): number {
    return Atomics.load(this.i32, this.table + frame * FRAME_WORDS + FRAME_MAPCOUNT);
  }

  /** NUMA node of a frame in use. */
  node(frame: number): number {
    return Atomics.load(this.i32, this.table + frame * FRAME_WORDS + FRAME_NODE);
  }

  /** Pointer of the stable node whose KSM page this is; 0 if it is none. */
  stableNode(frame: number): number {
    return Atomics.load(this.i32, this.table + frame * FRAME_WORDS + FRAME_STABLE_NODE);
  }

  /** Scanner only, while it holds a reference. */
  setStableNode(frame: number, stableNode: number): void {
    Atomics.store(this.i32, this.table + frame * FRAME_WORDS + FRAME_STABLE_NODE, stableNode);
  }
}
