/** What guests take up, and what they would without KSM. */
import type { Status } from '../../protocol/routes/status.js';

export interface Footprint {
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** Of the used: KSM pages. */
  readonly sharedBytes: number;
  /**
   * What would be used if KSM had merged nothing: if every page that holds something had a frame
   * of its own, but for those that a fork shares. It may be more than there is.
   */
  readonly withoutKsmBytes: number;
  readonly savedBytes: number;
  /** What forks spare, with KSM or without: no part of what is saved. */
  readonly forkSharedBytes: number;
}

export function footprint({ memory, saved, counters, pageSize }: Status): Footprint {
  const { totalBytes, usedBytes, freeBytes } = memory;
  return {
    totalBytes,
    usedBytes,
    freeBytes,
    // KSM pages that are gone stay counted until the scanner passes.
    sharedBytes: Math.min(usedBytes, (counters.pages_shared ?? 0) * pageSize),
    withoutKsmBytes: usedBytes + saved.bytes,
    savedBytes: saved.bytes,
    forkSharedBytes: saved.forkSharedPages * pageSize,
  };
}
