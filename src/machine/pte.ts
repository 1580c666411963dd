/**
 * The pte: states, lock, and who may take which step.
 *
 * A pte is PRESENT (maps a frame), or ZERO (KSM has mapped the zero page there), or neither
 * (untouched: reads as zeroes, costs no frame). A present one that is not WRITABLE maps a frame it
 * may share: a store copies it first; HELD, if none but a snapshot under way shares it with the
 * guest: then the copy takes its place in a huge page too. MERGEABLE is the guest's advice. DIRTY
 * says that it was written since the scanner last saw it. HASHED says that the checksum of what it
 * held then is known.
 *
 * Whoever changes a pte or the bytes of a private frame holds its lock: bits 0 to 7 of the state
 * name the holder. A store sets DIRTY as it takes the lock, before any byte changes, so no write
 * goes unnoticed.
 */
import { PTE_HOLDER_MASK, PTE_STATE } from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Core } from './core.js';
import type { SharedMemory } from './memory.js';

/** Holder names: one for each thread that touches ptes. */
export const HOLDER_API = 1;
export const HOLDER_SCANNER = 2;

const MAX_NAPS = 1000;

export class PteLock {
  private readonly i32: Int32Array;
  private readonly core: Core;

  constructor(memory: SharedMemory) {
    this.i32 = memory.i32;
    this.core = memory.core;
  }

  /**
   * Takes the lock, setting `flags`. The state before, without a holder; -1 if another thread has
   * it and does not let go soon (it may be gone).
   */
  take(slot: number, flags: number): number {
    return this.core.pteTake(slot, flags);
  }

  /** As `take`, waiting up to a second for the holder. EBUSY after that. */
  takeWaiting(slot: number, flags: number): number {
    for (let naps = 0; ; naps++) {
      const state = this.take(slot, flags);
      if (state !== -1) return state;
      this.nap(slot, naps);
    }
  }

  /**
   * Waits a moment for the holder, who may have been put aside by the operating system. EBUSY
   * at the thousandth nap: it is stuck or gone.
   */
  nap(slot: number, nth: number): void {
    if (nth >= MAX_NAPS)
      throw new KsmdError('EBUSY', 'another thread does not let go of a page: try again');
    const state = Atomics.load(this.i32, slot + PTE_STATE);
    // Nobody notifies.
    if ((state & PTE_HOLDER_MASK) !== 0) Atomics.wait(this.i32, slot + PTE_STATE, state, 1);
  }

  /** Lets go and leaves `state`. */
  release(slot: number, state: number): void {
    this.core.pteRelease(slot, state);
  }
}
