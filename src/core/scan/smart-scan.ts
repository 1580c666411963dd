/**
 * Smart scan: pages that have not merged for long are visited more rarely.
 *
 * An rmap item's age counts the visits it was due, up to 255, and outlives writes. Ages 0 to 2 are
 * always visited; after that a visit is followed by as many skips as skips.ts says. Linux 6.7,
 * mm/ksm.c: should_skip_rmap_item.
 */
import {
  CTL_PAGES_SKIPPED,
  RMAP_AGE_MASK,
  RMAP_FLAGS,
  RMAP_SKIPPED,
  RMAP_SKIPS_MASK,
  RMAP_SKIPS_SHIFT,
} from '../layout';
import { addWide, load, store } from '../words';
import { skipsAfter, YOUNG_BELOW } from './skips';

const MAX_AGE: u32 = 255;

/** Ages the rmap item of a page that is not a KSM page; true if this visit is to be skipped. */
export function ageAndSkip(slot: u32): bool {
  const flags = load(slot + RMAP_FLAGS);
  const age = flags & RMAP_AGE_MASK;
  const aged = age < MAX_AGE ? flags + 1 : flags;
  if (age < <u32>YOUNG_BELOW) {
    store(slot + RMAP_FLAGS, aged);
    return false;
  }
  if ((flags & RMAP_SKIPS_MASK) == 0) {
    store(slot + RMAP_FLAGS, aged | ((<u32>skipsAfter(age)) << RMAP_SKIPS_SHIFT));
    return false;
  }
  store(slot + RMAP_FLAGS, (aged - (1 << RMAP_SKIPS_SHIFT)) | <u32>RMAP_SKIPPED);
  addWide(CTL_PAGES_SKIPPED, 1);
  return true;
}
