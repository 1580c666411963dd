/**
 * Stretches: where a huge page is mapped, or may be.
 *
 * Each stretch that lies wholly in a region advised to huge pages has a word, among those for the
 * 512 slots that its first one is in. It says whether its pages are mapped one by one (as in the
 * kernel: there is a page table), or as one huge page, or not at all yet. A huge page is 512 frames
 * that bear one number, its *folio*. They need not lie in a row. They go on bearing it when ptes
 * map them one by one, until KSM splits the huge page itself (src/core/scan/split.ts).
 *
 * The first touch takes the stretch's lock, then that of each pte. A thread that dies on the way
 * leaves some pages mapped, and neither flag: whoever touches the next one goes on with it.
 */
import {
  CTL_FOLIOS,
  CTL_FRAMES,
  CTL_FRAMES_USED,
  CTL_KHUGEPAGED_GUESTS,
  CTL_SLOT_TABLE,
  CTL_STRETCH_TABLE,
  GUEST_KHUGEPAGED,
  GUEST_PRESENT_PAGES,
  HUGE_TOUCHED,
  MAX_FOLIO,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  REGION_HUGE,
  REGION_LEAD,
  REGION_PAGES,
  REGION_SLOT,
  SLOT_REGION,
  SLOT_WORDS,
  STRETCH_HOLDER_MASK,
  STRETCH_HUGE,
  STRETCH_PAGES,
  STRETCH_SHIFT,
  STRETCH_SMALL,
} from '../layout';
import {
  atomicAdd,
  atomicAndNot,
  atomicLoad,
  atomicOr,
  compareExchange,
  load,
  store,
} from '../words';
import { frameZero } from './frames';
import { frameFor, guestOf, populate } from './mappings';
import { pteRelease, pteTake, thisHolder } from './pte';
import { folioOf, setFolio } from './references';

const SPINS: u32 = 20_000;

/** The first slot of the stretch that the slot's page is in; 0 if no huge page can be there. */
export function stretchStart(slot: u32): u32 {
  const region = load(slot + SLOT_REGION);
  if (load(region + REGION_HUGE) == 0) return 0;
  const lead = load(region + REGION_LEAD);
  const index = (slot - load(region + REGION_SLOT)) / SLOT_WORDS + lead;
  const first = (index & ~(STRETCH_PAGES - 1)) - lead;
  // Of a stretch that begins before the region it wraps to what is above all.
  if (first > index || first + STRETCH_PAGES > load(region + REGION_PAGES)) return 0;
  return load(region + REGION_SLOT) + first * SLOT_WORDS;
}

/** The word of the stretch that begins at the slot `start`. */
export function stretchWord(start: u32): u32 {
  return load(CTL_STRETCH_TABLE) + (((start - load(CTL_SLOT_TABLE)) / SLOT_WORDS) >> STRETCH_SHIFT);
}

/** The slot's page, if it is untouched, is mapped alone when it is touched. */
export function isSmall(slot: u32): bool {
  const start = stretchStart(slot);
  return start == 0 || (atomicLoad(stretchWord(start)) & STRETCH_SMALL) != 0;
}

/** Takes the lock of a stretch; false if another thread has it and does not let go soon. */
export function stretchTake(word: u32): bool {
  for (let spins: u32 = 0; spins < SPINS; spins++) {
    const state = atomicLoad(word);
    if ((state & STRETCH_HOLDER_MASK) != 0) continue;
    if (compareExchange(word, state, state | thisHolder()) == state) return true;
  }
  return false;
}

export function stretchRelease(word: u32): void {
  atomicAndNot(word, STRETCH_HOLDER_MASK);
}

/** From now on ptes map the stretch's pages one by one. */
export function mapSmall(word: u32): void {
  // In one step: whoever sees neither flag would make a huge page.
  let state = atomicLoad(word);
  while (true) {
    const found = compareExchange(word, state, (state & ~STRETCH_HUGE) | STRETCH_SMALL);
    if (found == state) return;
    state = found;
  }
}

/**
 * A thread is about to touch the page of `slot`, which is untouched. If that takes a huge page, it
 * is mapped, all zeroes. False if another thread has one of the locks: then to be tried again.
 */
export function touch(slot: u32): bool {
  const region = load(slot + SLOT_REGION);
  const advice = load(region + REGION_HUGE);
  if (advice == 0) return true;
  if ((advice & HUGE_TOUCHED) == 0) atomicOr(region + REGION_HUGE, HUGE_TOUCHED);
  const start = stretchStart(slot);
  if (start == 0) return true;
  const word = stretchWord(start);
  if ((atomicLoad(word) & (STRETCH_SMALL | STRETCH_HUGE)) != 0) return true;
  if (!stretchTake(word)) return false;
  let isDone = true;
  if ((atomicLoad(word) & (STRETCH_SMALL | STRETCH_HUGE)) == 0) {
    if (isOneMapping(start)) {
      enterKhugepaged(guestOf(slot));
      isDone = mapHuge(start, word);
    } else mapSmall(word);
  }
  stretchRelease(word);
  return isDone;
}

/** All pages of the stretch have the same advice: in the kernel they are of one vma. */
export function isOneMapping(start: u32): bool {
  const advice = atomicLoad(start + PTE_STATE) & PTE_MERGEABLE;
  for (let page: u32 = 1; page < <u32>STRETCH_PAGES; page++) {
    if ((atomicLoad(start + page * SLOT_WORDS + PTE_STATE) & PTE_MERGEABLE) != advice) return false;
  }
  return true;
}

/** khugepaged goes over the guest's regions from now on, after those of all guests before it. */
export function enterKhugepaged(guest: u32): void {
  if (atomicLoad(guest + GUEST_KHUGEPAGED) != 0) return;
  compareExchange(guest + GUEST_KHUGEPAGED, 0, atomicAdd(CTL_KHUGEPAGED_GUESTS, 1) + 1);
}

/** A number that no other huge page has. */
export function newFolio(): u32 {
  // Of 2^27: of those numbered so long ago, none is left.
  return (atomicAdd(CTL_FOLIOS, 1) % MAX_FOLIO) + 1;
}

/** With the stretch's lock held. As `touch`; where frames run short, pages come one by one. */
function mapHuge(start: u32, word: u32): bool {
  let folio: u32 = 0;
  let missing: u32 = 0;
  for (let page: u32 = 0; page < <u32>STRETCH_PAGES; page++) {
    const slot = start + page * SLOT_WORDS;
    if ((atomicLoad(slot + PTE_STATE) & PTE_PRESENT) == 0) missing++;
    else folio = folioOf(load(slot + PTE_FRAME));
  }
  if (load(CTL_FRAMES) - 1 - atomicLoad(CTL_FRAMES_USED) < missing) {
    mapSmall(word);
    return true;
  }
  if (folio == 0) folio = newFolio();
  for (let page: u32 = 0; page < <u32>STRETCH_PAGES; page++) {
    if (mapZeroed(start + page * SLOT_WORDS, folio)) continue;
    return false;
  }
  atomicOr(word, STRETCH_HUGE);
  return true;
}

/** The page, unless it is there already, gets a frame of the huge page. */
function mapZeroed(slot: u32, folio: u32): bool {
  const state = pteTake(slot, 0);
  if (state == -1) return false;
  if ((state & PTE_PRESENT) != 0) {
    pteRelease(slot, state);
    return true;
  }
  const guest = guestOf(slot);
  const frame = frameFor(slot);
  if (frame == 0) {
    pteRelease(slot, state);
    return false;
  }
  frameZero(frame);
  setFolio(frame, folio);
  store(slot + PTE_FRAME, frame);
  atomicAdd(guest + GUEST_PRESENT_PAGES, 1);
  populate(slot, 1);
  pteRelease(slot, state | PTE_PRESENT | PTE_WRITABLE | PTE_DIRTY);
  return true;
}
