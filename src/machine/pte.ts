/**
 * The pte: states, lock, and who may take which step.
 *
 * A pte is PRESENT (maps a frame), or ZERO (KSM has mapped the zero page there), or neither (untouched: reads as zeroes, costs no frame). A present
 * one that is not WRITABLE maps a frame it may share: a store copies it first. MERGEABLE is the guest's advice. DIRTY says that it was written since
 * the scanner last took its checksum.
 *
 * Whoever changes a pte or the bytes of a private frame holds its lock: bits 0 to 7 of the state name the holder. A store sets DIRTY as it takes the
 * lock, before any byte changes. One step needs no lock: the scanner clears DIRTY before it reads a page for its checksum. A store under way at that
 * moment sets it again as it lets go, so no write goes unnoticed.
 */
import { PTE_HOLDER_MASK, PTE_STATE } from '../core/layout.js';

/** Holder names: one for each thread that touches ptes. */
export const HOLDER_API = 1;
export const HOLDER_SCANNER = 2;

const SPINS = 200;

export class PteLock {
  constructor(
    private readonly i32: Int32Array,
    readonly holder: number,
  ) {}

  /** Takes the lock, setting `flags`; waits for another holder. Returns the state without its holder. */
  take(slot: number, flags: number): number {
    const word = slot + PTE_STATE;
    for (let spins = 0; ; spins++) {
      const state = Atomics.load(this.i32, word);
      if ((state & PTE_HOLDER_MASK) === 0) {
        const taken = state | flags | this.holder;
        if (Atomics.compareExchange(this.i32, word, state, taken) === state) return state | flags;
      } else if (spins > SPINS) {
        // The holder was put aside by the operating system: let it run. Nobody notifies, so this is a nap.
        Atomics.wait(this.i32, word, state, 1);
      }
    }
  }

  /** Takes the lock if nobody has it; the state without its holder, or -1. */
  tryTake(slot: number): number {
    const word = slot + PTE_STATE;
    const state = Atomics.load(this.i32, word);
    if ((state & PTE_HOLDER_MASK) !== 0) return -1;
    return Atomics.compareExchange(this.i32, word, state, state | this.holder) === state ? state : -1;
  }

  /** Lets go and leaves `state`. */
  release(slot: number, state: number): void {
    Atomics.store(this.i32, slot + PTE_STATE, state);
  }
}
