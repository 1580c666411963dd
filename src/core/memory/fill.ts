/**
 * Pages, one after another, get their bytes in one call. Where memory comes in whole, there would
 * otherwise be a call and a copy a page, and a fingerprint is 16 bytes. Any thread may call; what
 * it fills from is the API thread's (CTL_INCOMING).
 *
 * Only what takes no fault beyond a frame is filled: pages that are untouched and mapped one by
 * one, and pages that may be written in place. For any other page the caller takes the long way.
 */
import {
  CTL_CHANGE_DETECTION,
  GUEST_PRESENT_PAGES,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HASHED,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  SLOT_WORDS,
} from '../layout';
import { atomicAdd, load, store } from '../words';
import { frameAddress, frameBytes } from './frames';
import { guestOf, nodeFor, populate } from './mappings';
import { pteHold, pteRelease, pteTryTake } from './pte';
import { frameNew } from './references';
import { isSmall } from './stretches';

/** How many of `pages` pages from `slot` on could be filled now. A guess: nothing is locked. */
export function fillable(slot: u32, pages: u32): u32 {
  for (let page: u32 = 0; page < pages; page++, slot += SLOT_WORDS) {
    const state = load(slot + PTE_STATE);
    if (!(isUntouched(state) ? isSmall(slot) : isInPlace(state))) return page;
  }
  return pages;
}

/**
 * Gives `pages` pages from `slot` on, all of one region, the bytes from the address `from` on.
 * How many: it stops at a page that cannot be filled or that another thread has locked, and when no
 * frame is free.
 */
export function fillPages(slot: u32, pages: u32, from: usize): u32 {
  const guest = guestOf(slot);
  const numaNode = nodeFor(slot);
  const bytes = frameBytes();
  let source = from;
  for (let done: u32 = 0; done < pages; done++) {
    const state = pteTryTake(slot);
    if (state == -1) return done;
    if (isInPlace(state)) {
      // Dirty before a byte changes, as with any store.
      pteHold(slot, state | PTE_DIRTY);
      memory.copy(frameAddress(load(slot + PTE_FRAME)), source, bytes);
      pteRelease(slot, state | PTE_DIRTY);
    } else {
      const frame = isUntouched(state) && isSmall(slot) ? frameNew(numaNode) : 0;
      if (frame == 0) {
        pteRelease(slot, state);
        return done;
      }
      // The frame holds all it should before the pte names it.
      memory.copy(frameAddress(frame), source, bytes);
      store(slot + PTE_FRAME, frame);
      atomicAdd(guest + GUEST_PRESENT_PAGES, 1);
      populate(slot, 1);
      pteRelease(slot, state | PTE_PRESENT | PTE_WRITABLE | PTE_DIRTY);
    }
    slot += SLOT_WORDS;
    source += bytes;
  }
  return pages;
}

function isUntouched(state: i32): bool {
  return (state & (PTE_PRESENT | PTE_ZERO)) == 0;
}

/** No other pte's page changes with it, and no checksum has to be taken of what it holds. */
function isInPlace(state: i32): bool {
  return (
    (state & PTE_WRITABLE) != 0 &&
    ((state & (PTE_DIRTY | PTE_HASHED)) != 0 || load(CTL_CHANGE_DETECTION) != 0)
  );
}
