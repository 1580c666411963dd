/**
 * One side of the comparison: ksmd, or the running kernel. Both get the same bytes and are asked the same questions.
 */

/** What every page of a copy holds: all zeroes but for the last eight bytes, which are its number (worst) or 1 (best). */
export type Content = 'worst' | 'best';

/** Saved memory over the time of a phase. */
export interface Sample {
  readonly seconds: number;
  readonly savedBytes: number;
}

export interface Merged {
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** What was counted at the end: goes into the hash of the work. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Side {
  readonly name: 'ksmd' | 'kernel';
  /** A new guest, all of its pages written. Returns as the last one is. */
  addCopy(content: Content): Promise<void>;
  /** Scans until pages_sharing reaches `pages`. */
  untilSharing(pages: number): Promise<Merged>;
  /** Lets every page be seen often enough that a full scan changes nothing any more. */
  settle(): Promise<void>;
  /** Seconds one full scan takes. */
  fullScan(): Promise<Merged>;
  /** Seconds to read the last word of every page of the copy last added. */
  readLoop(): Promise<number>;
  close(): Promise<void>;
}

export const PAGE_SIZE = 4096;

/** Full scans after which nothing more happens to memory that does not change. */
export const SETTLING_SCANS = 3;
