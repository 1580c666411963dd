/**
 * What guests take up, and what they would without KSM: counted from frames and page tables, which
 * follow every write at once.
 */
import type { Status } from '../../protocol/status.js';

export interface Footprint {
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** Of the used: KSM pages. */
  readonly sharedBytes: number;
  /**
   * What would be used if every page that holds something had a frame of its own; it may be more
   * than there is.
   */
  readonly withoutKsmBytes: number;
  readonly savedBytes: number;
}

export function footprint({
  memory,
  presentPages,
  zeroPages,
  counters,
  pageSize,
}: Status): Footprint {
  const { totalBytes, usedBytes, freeBytes } = memory;
  // Less than what is used where a snapshot still holds frames that guests have let go of.
  const withoutKsmBytes = Math.max(usedBytes, (presentPages + zeroPages) * pageSize);
  // KSM pages that are gone stay counted until the scanner passes.
  const sharedBytes = Math.min(usedBytes, (counters.pages_shared ?? 0) * pageSize);
  return {
    totalBytes,
    usedBytes,
    freeBytes,
    sharedBytes,
    withoutKsmBytes,
    savedBytes: withoutKsmBytes - usedBytes,
  };
}
