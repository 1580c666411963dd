/**
 * The scanner's way over the slots of one region.
 *
 * At each page the walk makes or drops the rmap item, takes smart scan's skips, and visits the page
 * if a visit is due. Most pages of a settled host are merged already; two words of the slot and one
 * of the frame tell that a visit would find nothing to do. Untouched memory is passed over by the
 * group. Which region comes next is not for the core to say (src/ksm/cursor.ts). Scanner only.
 */

import { countAbsent, countMergedVisit, tellKernelWork } from '../kernel-work';
import {
  CTL_PAGES_SCANNED,
  CTL_POPULATION_TABLE,
  CTL_SLOT_TABLE,
  CTL_SMART_SCAN,
  CTL_WALKED,
  GUEST_VISITS,
  POPULATION_SHIFT,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_IN_USE,
  RMAP_STABLE,
  SLOT_WORDS,
} from '../layout';
import { guestOf } from '../memory/mappings';
import { isKsmPage, stableNodeOf } from '../memory/references';
import { lookAhead } from '../trees/lookahead';
import { add, addWide, load, store } from '../words';
import { rmapItemCreate, rmapItemDestroy, rmapItemDetach } from './rmap-items';
import { ageAndSkip } from './smart-scan';
import { visit } from './visit';

const SCANNED: u32 = PTE_PRESENT | PTE_MERGEABLE;
const LISTED: u32 = RMAP_IN_USE | RMAP_STABLE;
const GROUP_MASK: u32 = (1 << POPULATION_SHIFT) - 1;

/**
 * Goes on from `slot` until `limit` pages were scanned or `end` is reached. How many were scanned;
 * CTL_WALKED is the slot to go on from. A page that smart scan skips does not count; one passed
 * over because it is merged does.
 */
export function walk(slot: u32, end: u32, limit: u32, nowMs: u32): u32 {
  let scanned: u32 = 0;
  const before = load(CTL_PAGES_SCANNED);
  let ahead = slot;
  while (slot < end && scanned < limit) {
    if (slot >= ahead) ahead = lookAhead(slot, end, limit - scanned);
    const past = pastUntouched(slot);
    if (past != slot) {
      if (isMergeable(slot)) countAbsent((min(past, end) - slot) / SLOT_WORDS);
      slot = past;
      continue;
    }
    // Plain reads of what guests change meanwhile, the group's count too: a visit looks again under
    // the lock, and what comes too late is met next time.
    if ((load(slot + PTE_STATE) & SCANNED) != SCANNED) {
      if (isMergeable(slot)) countAbsent(1);
      dropItem(slot);
    } else if (isSettled(slot)) {
      countMergedVisit(load(slot + PTE_FRAME));
      countScanned(before + ++scanned);
    } else {
      if ((load(slot + RMAP_FLAGS) & RMAP_IN_USE) == 0) rmapItemCreate(slot);
      if (isSkipped(slot)) rmapItemDetach(slot);
      else {
        visit(slot, nowMs);
        addWide(guestOf(slot) + GUEST_VISITS, 1);
        countScanned(before + ++scanned);
      }
    }
    slot += SLOT_WORDS;
  }
  tellKernelWork();
  // Untouched memory is passed over by the group, which may reach beyond the end.
  store(CTL_WALKED, min(slot, end));
  return scanned;
}

/**
 * So many pages were scanned, modulo 2^32. Told page by page, so that a scanner that dies on the
 * way leaves no visit uncounted; a store alone, as nobody else counts.
 */
function countScanned(pages: u32): void {
  store(CTL_PAGES_SCANNED, pages);
  if (pages == 0) add(CTL_PAGES_SCANNED + 1, 1);
}

/** Lets go of all rmap items from `slot` to `end`. */
export function dropItems(slot: u32, end: u32): void {
  while (slot < end) {
    const past = pastUntouched(slot);
    if (past == slot) {
      dropItem(slot);
      slot += SLOT_WORDS;
    } else slot = past;
  }
}

/**
 * The next group's first slot if this one begins a group in which nothing is present or known;
 * otherwise the slot itself.
 */
function pastUntouched(slot: u32): u32 {
  const index = (slot - load(CTL_SLOT_TABLE)) / SLOT_WORDS;
  if (
    (index & GROUP_MASK) != 0 ||
    load(load(CTL_POPULATION_TABLE) + (index >> POPULATION_SHIFT)) != 0
  )
    return slot;
  return slot + (GROUP_MASK + 1) * SLOT_WORDS;
}

function isMergeable(slot: u32): bool {
  return (load(slot + PTE_STATE) & PTE_MERGEABLE) != 0;
}

function dropItem(slot: u32): void {
  if ((load(slot + RMAP_FLAGS) & RMAP_IN_USE) != 0) rmapItemDestroy(slot);
}

/**
 * The page, present and mergeable, is listed from the stable node of the frame it maps: a visit
 * finds nothing to do.
 */
function isSettled(slot: u32): bool {
  if ((load(slot + RMAP_FLAGS) & LISTED) != LISTED) return false;
  const stable = stableNodeOf(load(slot + PTE_FRAME));
  return stable != 0 && stable == load(slot + RMAP_HEAD);
}

/** Smart scan's say. KSM pages are always visited. */
function isSkipped(slot: u32): bool {
  return load(CTL_SMART_SCAN) != 0 && !isKsmPage(load(slot + PTE_FRAME)) && ageAndSkip(slot);
}
