/**
 * Merging: the steps in which ptes come to map one frame.
 *
 * Each step takes the locks of the ptes it changes by trylock (a page that is being written is left
 * for next time) and looks again whether they still map the frames that the search saw. The search
 * has proven the two pages equal, unless one was written since its checksum was taken. A dirty bit
 * says so, for certain under the lock, and then whole pages are compared again. The frame that
 * stays gets its references before a pte points at it; the frame that goes loses its own after. So
 * a scanner that dies in between leaves every guest's bytes in place. Scanner only.
 */
import {
  PTE_DIRTY,
  PTE_FORK_MASK,
  PTE_FRAME,
  PTE_OWN,
  PTE_PRESENT,
  PTE_ZERO,
  STABLE_FRAME,
} from '../layout';
import { frameCopy, framesEqual } from '../memory/frames';
import { countZeroPage, frameFor, unmapFrame } from '../memory/mappings';
import { pteRelease, pteTryTakeMapping } from '../memory/pte';
import {
  folioOf,
  frameGet,
  framePut,
  mapcountOf,
  setKsmPage,
  stableNodeOf,
} from '../memory/references';
import { load, store } from '../words';
import { splitHugePage } from './split';

const ZERO_FRAME: u32 = 0;

/**
 * Lets the pte of `slot`, which maps `frame`, map the KSM page of `stable` instead. False if that
 * cannot be done now.
 */
export function mergeIntoStable(slot: u32, frame: u32, stable: u32): bool {
  if (!splitHugePage(slot, frame)) return false;
  const ksmFrame = load(stable + STABLE_FRAME);
  if (!frameGet(ksmFrame)) return false;
  const state = stableNodeOf(ksmFrame) == stable ? pteTryTakeMapping(slot, frame) : -1;
  if (state == -1 || ((state & PTE_DIRTY) != 0 && !framesEqual(frame, ksmFrame))) {
    if (state != -1) pteRelease(slot, state);
    framePut(ksmFrame);
    return false;
  }
  store(slot + PTE_FRAME, ksmFrame);
  pteRelease(slot, state & ~PTE_OWN);
  framePut(frame);
  return true;
}

/**
 * Lets both ptes map `frame`, the page of `slot`, write-protected; the twin's own frame `twinFrame`
 * is given back. False if that cannot be done now. `proven`: they were found equal if neither was
 * written since. If true, the caller holds a reference to `frame`, to be put once it has a stable
 * node.
 */
export function mergeTwins(slot: u32, frame: u32, twin: u32, twinFrame: u32, proven: bool): bool {
  const folio = folioOf(frame);
  const isOneHugePage: bool = folio != 0 && folioOf(twinFrame) == folio;
  if (!splitHugePage(slot, frame) || isOneHugePage || load(slot + PTE_FRAME) != frame) return false;
  if (!splitHugePage(twin, twinFrame)) return false;
  if (load(twin + PTE_FRAME) != twinFrame) {
    breakCow(slot, frame);
    return false;
  }
  const state = pteTryTakeMapping(slot, frame);
  if (state == -1) return false;
  const twinState = pteTryTakeMapping(twin, twinFrame);
  const known = proven && ((state | twinState) & PTE_DIRTY) == 0;
  if (twinState == -1 || (!known && !framesEqual(frame, twinFrame))) {
    if (twinState != -1) pteRelease(twin, twinState);
    pteRelease(slot, state);
    return false;
  }
  // One reference for the twin's pte, one for the caller. Neither can fail: the slot's pte, locked
  // here, holds one.
  frameGet(frame);
  frameGet(frame);
  setKsmPage(frame);
  store(twin + PTE_FRAME, frame);
  pteRelease(twin, twinState & ~PTE_OWN);
  pteRelease(slot, state & ~PTE_OWN);
  framePut(twinFrame);
  return true;
}

/**
 * Lets the pte of `slot` map the zero page. False if its page is not all zeroes or that cannot be
 * done now.
 */
export function mergeIntoZeroPage(slot: u32, frame: u32): bool {
  if (!framesEqual(frame, ZERO_FRAME) || !splitHugePage(slot, frame)) return false;
  const state = pteTryTakeMapping(slot, frame);
  if (state == -1) return false;
  if (!framesEqual(frame, ZERO_FRAME)) {
    pteRelease(slot, state);
    return false;
  }
  unmapFrame(slot);
  countZeroPage(slot, 1);
  pteRelease(slot, (state & ~(PTE_PRESENT | PTE_OWN | PTE_DIRTY)) | PTE_ZERO);
  return true;
}

/**
 * The page was to become a KSM page, and its twin is gone: it gets a frame of its own. Guests that
 * share the old one by a fork are left with a KSM page that has no stable node, as in the kernel.
 */
function breakCow(slot: u32, frame: u32): void {
  if (mapcountOf(frame) == 1) return;
  const own = frameFor(slot);
  if (own == 0) return;
  const state = pteTryTakeMapping(slot, frame);
  if (state == -1) {
    framePut(own);
    return;
  }
  frameCopy(own, frame);
  setKsmPage(frame);
  store(slot + PTE_FRAME, own);
  pteRelease(slot, state & ~PTE_FORK_MASK);
  framePut(frame);
}
