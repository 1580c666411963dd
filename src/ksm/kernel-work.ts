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

const WORDS: Readonly<Record<keyof KernelWork, number>> = {
  visits: CTL_PAGES_SCANNED,
  mergedVisits: CTL_KERNEL_MERGED_VISITS,
  checksums: CTL_KERNEL_CHECKSUMS,
  stableLevels: CTL_KERNEL_STABLE_LEVELS,
  unstableLevels: CTL_KERNEL_UNSTABLE_LEVELS,
  merges: CTL_MERGES,
  splits: CTL_SPLITS,
  breaks: CTL_COW_BREAKS,
  itemsMade: CTL_KERNEL_ITEMS_MADE,
  skips: CTL_PAGES_SKIPPED,
  absent: CTL_KERNEL_ABSENT,
};

export function readKernelWork({ i32 }: SharedMemory): KernelWork {
  return Object.fromEntries(
    Object.entries(WORDS).map(([name, word]) => [name, wide(i32, word)]),
  ) as unknown as KernelWork;
}
