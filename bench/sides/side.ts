/**
 * One side of the comparison: ksmd, or the running kernel. Both get the same bytes and are asked
 * the same questions.
 */

/**
 * What every page of a copy holds: all zeroes but for the last eight bytes, which are its number
 * (worst) or 1 (best).
 */
export type Content = 'worst' | 'best';
/** Of pairs it is the number of the pair: each has its like next to it. */
export type CopyContent = Content | 'pairs';

/** What the last eight bytes of a copy's page are, as a number. */
export function lastWord(content: CopyContent, page: number): number {
  return { worst: page, pairs: page >>> 1, best: 1 }[content];
}

/** Saved memory over the time of a phase. */
export interface Sample {
  readonly seconds: number;
  readonly savedBytes: number;
}

export interface Merged {
  readonly seconds: number;
  /** From second 0 to the last. */
  readonly samples: readonly Sample[];
}

export interface Side {
  readonly name: 'ksmd' | 'kernel';
  /** Mappings that one KSM page takes. */
  readonly maxPageSharing: number;
  /**
   * A new guest, all of its pages written, while nothing is scanned. Returns as the last one is.
   */
  addCopy(content: CopyContent): Promise<void>;
  /** Scans until pages_sharing reaches `pages`; tells now and then what it has reached. */
  untilSharing(pages: number, tell?: (sharing: number) => void): Promise<Merged>;
  /** Lets every page be seen often enough that a full scan changes nothing any more. */
  settle(): Promise<void>;
  /** Seconds one full scan takes. */
  fullScan(): Promise<Merged>;
  /** Seconds to read the last word of every page of the copy last added. */
  readLoop(): Promise<number>;
  /** Seconds to write the first word of the first page of each pair of the copy last added. */
  writeLoop(value: number): Promise<number>;
  close(): Promise<void>;
}

export const PAGE_SIZE = 4096;

/** Full scans after which nothing more happens to memory that does not change. */
export const SETTLING_SCANS = 3;

/**
 * Pages that are sharing once `copies` copies have merged: all but the first of each content, and
 * of each KSM page that is full.
 */
export function sharingOnceMerged(
  side: Side,
  content: Content,
  copies: number,
  copyPages: number,
): number {
  if (content === 'worst') return (copies - 1) * copyPages;
  const pages = copies * copyPages;
  return pages - Math.max(1, Math.ceil(pages / side.maxPageSharing));
}

const MOST_SAMPLES = 1000;

/** Every so manieth sample, the first and the last among them. */
export function thinned(samples: readonly Sample[]): Sample[] {
  const step = Math.ceil(samples.length / MOST_SAMPLES);
  return samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
}
