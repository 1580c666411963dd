/**
 * What a kernel would have done, counted: what its time goes into. ksmd spares itself some of it
 * (the checksum of a page that nobody wrote, most of a comparison); a kernel does not.
 *
 * Counted by the scanner as it goes (src/core/kernel-work.ts).
 */
import {
  CTL_COW_BREAKS,
  CTL_KERNEL_ABSENT,
  CTL_KERNEL_CHECKSUMS,
  CTL_KERNEL_ITEMS_MADE,
  CTL_KERNEL_MERGED_VISITS,
  CTL_KERNEL_REPEATED_VISITS,
  CTL_KERNEL_STABLE_LEVELS,
  CTL_KERNEL_UNSTABLE_LEVELS,
  CTL_MERGES,
  CTL_PAGES_SCANNED,
  CTL_PAGES_SKIPPED,
  CTL_SPLITS,
} from '../core/layout.js';
import type { SharedMemory } from '../machine/memory.js';
import { wide } from './counters.js';

/** All since the start. */
export interface KernelWork {
  /** Pages visited, merged ones too; `pages_scanned`. */
  readonly visits: number;
  /** Of these, to pages that were merged already. */
  readonly mergedVisits: number;
  /** And of these, to the KSM page that the one before was to. */
  readonly repeatedVisits: number;
  readonly checksums: number;
  /** Pages of the stable tree that a page was compared with, one a level. */
  readonly stableLevels: number;
  readonly unstableLevels: number;
  /** Pages that came to map a KSM page. */
  readonly merges: number;
  /** Huge pages split. */
  readonly splits: number;
  /** Merged pages given back, to a guest that wrote or that asked for it. */
  readonly breaks: number;
  readonly itemsMade: number;
  /** Pages that smart scan left out. */
  readonly skips: number;
  /** Pages of mergeable memory that were not there. */
  readonly absent: number;
}

export function readKernelWork({ i32 }: SharedMemory): KernelWork {
  return {
    visits: wide(i32, CTL_PAGES_SCANNED),
    mergedVisits: wide(i32, CTL_KERNEL_MERGED_VISITS),
    repeatedVisits: wide(i32, CTL_KERNEL_REPEATED_VISITS),
    checksums: wide(i32, CTL_KERNEL_CHECKSUMS),
    stableLevels: wide(i32, CTL_KERNEL_STABLE_LEVELS),
    unstableLevels: wide(i32, CTL_KERNEL_UNSTABLE_LEVELS),
    merges: wide(i32, CTL_MERGES),
    splits: wide(i32, CTL_SPLITS),
    breaks: wide(i32, CTL_COW_BREAKS),
    itemsMade: wide(i32, CTL_KERNEL_ITEMS_MADE),
    skips: wide(i32, CTL_PAGES_SKIPPED),
    absent: wide(i32, CTL_KERNEL_ABSENT),
  };
}

/** What was done between two looks. */
export function workSince(before: KernelWork, after: KernelWork): KernelWork {
  return {
    visits: after.visits - before.visits,
    mergedVisits: after.mergedVisits - before.mergedVisits,
    repeatedVisits: after.repeatedVisits - before.repeatedVisits,
    checksums: after.checksums - before.checksums,
    stableLevels: after.stableLevels - before.stableLevels,
    unstableLevels: after.unstableLevels - before.unstableLevels,
    merges: after.merges - before.merges,
    splits: after.splits - before.splits,
    breaks: after.breaks - before.breaks,
    itemsMade: after.itemsMade - before.itemsMade,
    skips: after.skips - before.skips,
    absent: after.absent - before.absent,
  };
}
