/**
 * How a thread waits in the middle of a load or store: for another to let go of a page, or for a
 * frame to come free.
 *
 * While it waits it holds no lock and no reference, and must look again for the page's slot
 * afterwards.
 */
import {
  CTL_FRAMES,
  CTL_FRAMES_FREED,
  CTL_FRAMES_USED,
  PTE_HOLDER_MASK,
  PTE_STATE,
} from '../core/layout.js';
import type { SharedMemory } from './memory.js';
import type { PteLock } from './pte.js';
import type { Safepoint } from './safepoint.js';

export interface Patience {
  /**
   * Returns once the lock of the slot's pte may be tried again, for the `nth` time (from 0) for
   * this page. EBUSY if that is given up.
   */
  forLock(slot: number, nth: number): void;
  /** True once there may be a frame, false if that is given up. */
  forFrame(): boolean;
}

/**
 * Of the API thread, the scanner and single threads: up to a second for a lock, none for a frame.
 */
export class ShortPatience implements Patience {
  constructor(private readonly lock: PteLock) {}

  forLock(slot: number, nth: number): void {
    this.lock.nap(slot, nth);
  }

  forFrame(): boolean {
    return false;
  }
}

/** Of guest threads: rests as long as it takes for a lock, and up to a limit for a frame. */
export class GuestPatience implements Patience {
  private readonly i32: Int32Array;

  /**
   * `onWait` is told each time there is no frame; `shouldStop` is asked whenever one may have come
   * free, and ends the wait.
   */
  constructor(
    memory: SharedMemory,
    private readonly safepoint: Safepoint,
    private readonly frameTimeoutMs: number,
    private readonly onWait: () => void,
    private readonly shouldStop: () => boolean,
  ) {
    this.i32 = memory.i32;
  }

  forLock(slot: number): void {
    const state = Atomics.load(this.i32, slot + PTE_STATE);
    // Nobody notifies a lock: this is a nap.
    if ((state & PTE_HOLDER_MASK) !== 0) this.safepoint.rest(slot + PTE_STATE, state, 1);
  }

  forFrame(): boolean {
    this.onWait();
    const { i32 } = this;
    const deadline = performance.now() + this.frameTimeoutMs;
    this.safepoint.waitsForFrame(true);
    try {
      for (;;) {
        const freed = Atomics.load(i32, CTL_FRAMES_FREED);
        if (Atomics.load(i32, CTL_FRAMES_USED) < i32[CTL_FRAMES] - 1) {
          // The frame may be gone again before the caller has it: whoever asks for a stand still is
          // not to wait for that.
          this.safepoint.pass();
          return true;
        }
        const left = deadline - performance.now();
        if (left <= 0 || this.shouldStop()) return false;
        this.safepoint.rest(CTL_FRAMES_FREED, freed, left);
      }
    } finally {
      this.safepoint.waitsForFrame(false);
    }
  }
}
