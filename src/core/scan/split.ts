/**
 * Splitting huge pages: before KSM merges one page of a huge page, that one becomes pages of its
 * own, in every guest that maps part of it. Linux: split_huge_page.
 *
 * Since 6.12 a split lets every page of it that is all zeroes map the zero page. KSM counts those
 * nowhere, so here they are untouched from then on. A scanner that dies on the way leaves a huge
 * page half split: every pte still maps what it should, and the next merge splits the rest. Scanner
 * only.
 */
import {
  CTL_SPLIT_FREES_ZEROES,
  CTL_SPLIT_ZEROES,
  CTL_SPLITS,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FORK_MASK,
  PTE_FRAME,
  PTE_HASHED,
  PTE_OWN,
  PTE_PRESENT,
  REGION_KIN,
  REGION_SLOT,
  SLOT_REGION,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../layout';
import { frameChecksum } from '../memory/checksum';
import { framesEqual } from '../memory/frames';
import { unmapFrame } from '../memory/mappings';
import { pteHold, pteRelease, pteTryTake } from '../memory/pte';
import { clearFolio, folioOf, mapcountOf } from '../memory/references';
import {
  mapSmall,
  stretchRelease,
  stretchStart,
  stretchTake,
  stretchWord,
} from '../memory/stretches';
import { addWide, load, store } from '../words';

const ZERO_FRAME: u32 = 0;

/**
 * If `frame`, which the pte of `slot` maps, is part of a huge page, splits that. The pte may map it
 * no longer then. False if that cannot be done now.
 */
export function splitHugePage(slot: u32, frame: u32): bool {
  const folio = folioOf(frame);
  if (folio == 0) return true;
  const start = stretchStart(slot);
  const own = stretchWord(start);
  // Whoever is making it must have done so.
  if (!stretchTake(own)) return false;
  const region = load(slot + SLOT_REGION);
  const offset = start - load(region + REGION_SLOT);
  let kin = region;
  do {
    splitMapping(load(kin + REGION_SLOT) + offset, folio);
    kin = load(kin + REGION_KIN);
  } while (kin != region);
  do {
    forgetFolio(load(kin + REGION_SLOT) + offset, folio);
    kin = load(kin + REGION_KIN);
  } while (kin != region);
  stretchRelease(own);
  addWide(CTL_SPLITS, 1);
  return true;
}

/** What of the huge page is mapped in the stretch at `start` is mapped page by page. */
function splitMapping(start: u32, folio: u32): void {
  let isSmall = false;
  const freesZeroes: bool = load(CTL_SPLIT_FREES_ZEROES) != 0;
  for (let page: u32 = 0; page < <u32>STRETCH_PAGES; page++) {
    const slot = start + page * SLOT_WORDS;
    // Plain: under the lock, what is given back is looked at again.
    const frame = load(slot + PTE_FRAME);
    if (frame == 0 || folioOf(frame) != folio) continue;
    if (!isSmall) mapSmall(stretchWord(start));
    isSmall = true;
    if (freesZeroes) giveZeroesBack(slot, frame);
  }
}

function forgetFolio(start: u32, folio: u32): void {
  for (let page: u32 = 0; page < <u32>STRETCH_PAGES; page++) {
    const frame = load(start + page * SLOT_WORDS + PTE_FRAME);
    if (frame != 0) clearFolio(frame, folio);
  }
}

/** If the pte of `slot` maps `frame`, and that is all zeroes, the page is untouched again. */
function giveZeroesBack(slot: u32, frame: u32): void {
  if (!framesEqual(frame, ZERO_FRAME)) return;
  const state = pteTryTake(slot);
  if (state == -1) return;
  const mapsZeroes: bool =
    (state & PTE_PRESENT) != 0 && load(slot + PTE_FRAME) == frame && framesEqual(frame, ZERO_FRAME);
  if (!mapsZeroes) {
    pteRelease(slot, state);
    return;
  }
  let left = (state & ~(PTE_PRESENT | PTE_OWN | PTE_FORK_MASK)) | PTE_DIRTY;
  if ((state & (PTE_DIRTY | PTE_HASHED)) == 0) {
    // What the scanner last saw there were zeroes.
    store(slot + PTE_CHECKSUM, frameChecksum(ZERO_FRAME));
    left |= PTE_HASHED;
  }
  // In this order: a pte that says it is present and names no frame maps the zero page.
  pteHold(slot, left);
  // Guests that share it since a fork have one frame to give back: the last one does.
  if (mapcountOf(frame) == 1) addWide(CTL_SPLIT_ZEROES, 1);
  unmapFrame(slot);
  pteRelease(slot, left);
}
