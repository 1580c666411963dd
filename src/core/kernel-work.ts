/**
 * What a kernel would have done is counted here while the scanner walks, and added to the shared
 * counters where a walk ends: a word of shared memory for each would be felt. A scanner that dies
 * loses what it had counted of the walk under way. Scanner only.
 */
import {
  CTL_KERNEL_ABSENT,
  CTL_KERNEL_CHECKSUMS,
  CTL_KERNEL_ITEMS_MADE,
  CTL_KERNEL_MERGED_VISITS,
  CTL_KERNEL_REPEATED_VISITS,
  CTL_KERNEL_STABLE_LEVELS,
  CTL_KERNEL_UNSTABLE_LEVELS,
} from './layout';
import { addWide } from './words';

let absent: u32 = 0;
let checksums: u32 = 0;
let itemsMade: u32 = 0;
let mergedVisits: u32 = 0;
let repeatedVisits: u32 = 0;
/** That the last visit to a merged page was to. */
let lastFrame: u32 = 0;
let stableLevels: u32 = 0;
let unstableLevels: u32 = 0;

export function countAbsent(pages: u32): void {
  absent += pages;
}

export function countChecksum(): void {
  checksums++;
}

export function countItemMade(): void {
  itemsMade++;
}

/** To a page that maps this KSM page. */
export function countMergedVisit(frame: u32): void {
  mergedVisits++;
  if (frame == lastFrame) repeatedVisits++;
  lastFrame = frame;
}

/** So many pages of the stable tree were compared with, or too many were counted. */
export function countStableLevels(change: i32): void {
  stableLevels += change;
}

export function countUnstableLevel(): void {
  unstableLevels++;
}

/** Adds all to the shared counters. */
export function tellKernelWork(): void {
  addWide(CTL_KERNEL_ABSENT, absent);
  addWide(CTL_KERNEL_CHECKSUMS, checksums);
  addWide(CTL_KERNEL_ITEMS_MADE, itemsMade);
  addWide(CTL_KERNEL_MERGED_VISITS, mergedVisits);
  addWide(CTL_KERNEL_REPEATED_VISITS, repeatedVisits);
  addWide(CTL_KERNEL_STABLE_LEVELS, stableLevels);
  addWide(CTL_KERNEL_UNSTABLE_LEVELS, unstableLevels);
  absent = 0;
  checksums = 0;
  itemsMade = 0;
  mergedVisits = 0;
  repeatedVisits = 0;
  stableLevels = 0;
  unstableLevels = 0;
}
