/**
 * Untouched pages, one after another, get their bytes in one call. Where memory comes in whole,
 * there would otherwise be a call and a copy a page, and a fingerprint is 16 bytes. Any thread may
 * call; what it fills from is the API thread's (CTL_INCOMING).
 */
import {
  GUEST_PRESENT_PAGES,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_WRITABLE,
  PTE_ZERO,
  SLOT_WORDS,
} from '../layout';
import { atomicAdd, store } from '../words';
import { frameAddress, frameBytes } from './frames';
import { guestOf, nodeFor, populate } from './mappings';
import { pteRelease, pteTryTake } from './pte';
import { frameNew } from './references';
import { isSmall } from './stretches';

/**
 * Gives `pages` pages from `slot` on, all of one region, a frame each with the bytes from the word
 * `from` on. How many: it stops at a page that is not untouched or that another thread has locked,
 * a first touch
 * of a huge page, and when no frame is free.
 */
export function fillUntouched(slot: u32, pages: u32, from: u32): u32 {
  const guest = guestOf(slot);
  const numaNode = nodeFor(slot);
  const bytes = frameBytes();
  let source = (<usize>from) << 2;
  for (let done: u32 = 0; done < pages; done++) {
    if (!isSmall(slot)) return done;
    const state = pteTryTake(slot);
    if (state == -1) return done;
    const untouched: bool = (state & (PTE_PRESENT | PTE_ZERO)) == 0;
    const frame = untouched ? frameNew(numaNode) : 0;
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
    slot += SLOT_WORDS;
    source += bytes;
  }
  return pages;
}
