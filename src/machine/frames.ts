/**
 * Frames of physical memory, and references to them. How long a frame lives,
 * src/core/memory/references.ts says.
 */
import {
  CTL_FRAMES,
  CTL_FRAMES_USED,
  CTL_STORES_FAILED,
  FRAME_FLAGS,
  FRAME_FOLIO_SHIFT,
  FRAME_KSM,
  FRAME_MAPCOUNT,
  FRAME_NUMA_NODE_MASK,
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
  take(numaNode: number): number {
    return this.memory.core.frameNew(numaNode);
  }

  /** Takes one more reference, unless the frame is free. */
  get(frame: number): boolean {
    return this.memory.core.frameGet(frame) !== 0;
  }

  /** Drops a reference; the last one frees the frame. */
  put(frame: number): void {
    this.memory.core.framePut(frame);
  }

  mapcount(frame: number): number {
    return Atomics.load(this.i32, this.table + frame * FRAME_WORDS + FRAME_MAPCOUNT);
  }

  /** NUMA node of a frame in use. */
  numaNode(frame: number): number {
    return this.flags(frame) & FRAME_NUMA_NODE_MASK;
  }

  /** It is of another NUMA node than where it was taken. While other threads stand still. */
  setNumaNode(frame: number, node: number): void {
    const word = this.table + frame * FRAME_WORDS + FRAME_FLAGS;
    this.i32[word] = (this.i32[word] & ~FRAME_NUMA_NODE_MASK) | node;
  }

  /** KSM has write-protected it for good. */
  isKsm(frame: number): boolean {
    return (this.flags(frame) & FRAME_KSM) !== 0;
  }

  /** It is a KSM page from now on. While the scanner stands still. */
  own(frame: number): void {
    this.i32[this.table + frame * FRAME_WORDS + FRAME_FLAGS] |= FRAME_KSM;
  }

  /** It is no KSM page any more. While the scanner stands still. */
  disown(frame: number): void {
    this.i32[this.table + frame * FRAME_WORDS + FRAME_FLAGS] &= ~FRAME_KSM;
  }

  /** The number of the huge page that it is a part of; 0: none. */
  folio(frame: number): number {
    return this.flags(frame) >>> FRAME_FOLIO_SHIFT;
  }

  /** Pointer of the stable node whose KSM page this is; 0 if it is none. */
  stableNode(frame: number): number {
    return Atomics.load(this.i32, this.table + frame * FRAME_WORDS + FRAME_STABLE_NODE);
  }

  private flags(frame: number): number {
    return Atomics.load(this.i32, this.table + frame * FRAME_WORDS + FRAME_FLAGS);
  }
}
