/**
 * The pte's lock: bits 0 to 7 of its state name the thread that holds it. What the states mean, and
 * who may take which step, is said in src/machine/pte.ts.
 */
import {
  CTL_LOADED,
  LOAD_WORDS,
  PTE_FRAME,
  PTE_HOLDER_MASK,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
} from '../layout';
import { atomicLoad, atomicStore, compareExchange, load } from '../words';

/**
 * Some 15 µs: a holder that copies a page and takes its checksum is done by then, unless it has
 * been put aside.
 */
const SPINS: u32 = 20_000;

/** The name of this thread in pte locks. */
let holder: u32 = 0;

/** To be called once an instance. */
export function nameHolder(name: u32): void {
  holder = name;
}

export function thisHolder(): u32 {
  return holder;
}

/** Where this thread has what it last loaded. */
export function loadBuffer(): u32 {
  return CTL_LOADED + holder * LOAD_WORDS;
}

/**
 * Takes the lock, setting `flags`. The state before, without a holder; -1 if another thread has it
 * and does not let go soon (it may be gone).
 */
export function pteTake(slot: u32, flags: u32): i32 {
  const word = slot + PTE_STATE;
  for (let spins: u32 = 0; spins < SPINS; spins++) {
    const state = atomicLoad(word);
    if ((state & PTE_HOLDER_MASK) != 0) continue;
    if (compareExchange(word, state, state | flags | holder) == state) return state;
  }
  return -1;
}

/** Takes the lock if nobody has it; the state without its holder, or -1. */
export function pteTryTake(slot: u32): i32 {
  const word = slot + PTE_STATE;
  // Plain: the exchange finds out if it is no longer so.
  const state = load(word);
  if ((state & PTE_HOLDER_MASK) != 0) return -1;
  return compareExchange(word, state, state | holder) == state ? state : -1;
}

/** As pteTryTake, if the pte still maps `frame` and is mergeable; otherwise -1, not locked. */
export function pteTryTakeMapping(slot: u32, frame: u32): i32 {
  const state = pteTryTake(slot);
  if (state == -1) return -1;
  const wanted = PTE_PRESENT | PTE_MERGEABLE;
  if ((state & wanted) == wanted && load(slot + PTE_FRAME) == frame) return state;
  pteRelease(slot, state);
  return -1;
}

/** Changes the state and keeps the lock. */
export function pteHold(slot: u32, state: u32): void {
  atomicStore(slot + PTE_STATE, state | holder);
}

/** Lets go and leaves `state`. */
export function pteRelease(slot: u32, state: u32): void {
  atomicStore(slot + PTE_STATE, state);
}
