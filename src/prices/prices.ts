/**
 * What the kernel's work costs it: nanoseconds of processor time for each thing that its scanner
 * does (src/ksm/kernel-work.ts counts them), and for a guest that writes to a merged page.
 *
 * Most of a visit's time goes into the way down the unstable tree: at each level the kernel finds
 * a page by its owner's page table, and misses its caches, the more the larger the tree is; a page
 * of the stable tree it has at hand. What two pages begin alike is read before they are seen to
 * differ.
 *
 * A processor that has slept is slow at first: its caches are empty and its clock is low. Prices
 * are of one that is awake, and what it is slower at the begin of a batch is a price of its own.
 */
import type { KernelWork } from '../ksm/kernel-work.js';

/** What a level costs in a tree of so many pages. */
export interface LevelPrice {
  readonly pages: number;
  readonly ns: number;
}

/** How a processor that has slept through a nap comes to be as fast as it can. */
export interface Waking {
  /** That a batch takes longer by, if it lasts long. */
  readonly mostNs: number;
  /** After so much work it has two thirds of that behind it. */
  readonly overNs: number;
}

/** Nanoseconds, where nothing else is said. */
export interface Prices {
  /** Where they were measured: kernel and processor. */
  readonly measuredOn: string;
  /** A visit to a page that is merged already. */
  readonly mergedVisit: number;
  /** The same, if the one before was to a page that maps the same KSM page, as zeroes do. */
  readonly repeatedVisit: number;
  /** A visit to any other, its checksum included. */
  readonly visit: number;
  readonly itemMade: number;
  /** A page given to an equal one, once that is found. */
  readonly merge: number;
  /** A huge page made into small ones. */
  readonly split: number;
  readonly skip: number;
  /** A page that is not there. */
  readonly absent: number;
  /** A batch, beside what it visits. */
  readonly batch: number;
  /** And longer work in it. Not measured by versions before this one: not told then. */
  readonly waking?: Waking;
  /** In order of the pages that their trees have, no two of one size. */
  readonly stableLevels: readonly LevelPrice[];
  readonly unstableLevels: readonly LevelPrice[];
  /** How much of that a level of the unstable tree costs whose pages lie in huge pages. */
  readonly inHugePages: number;
  /**
   * How much of its price a visit to a merged page costs, or a skip, where a huge page was: there
   * pages lie next to each other. Not measured by versions before this one: all of it.
   */
  readonly mergedInHugePages?: number;
  /** Each KiB that two compared pages begin alike. */
  readonly alikeKib: number;
  /** A guest's first write to a merged page. */
  readonly writeFault: number;
}

/** What the trees are like while work is done. */
export interface Trees {
  readonly stablePages: number;
  readonly unstablePages: number;
  /** Of the pages of the unstable tree, how many of one lie in huge pages. */
  readonly hugeShare: number;
  /** Of all pages, how many of one lie in huge pages, or did before these were split. */
  readonly wereHugeShare: number;
  /** KiB that pages compared begin alike, on average. */
  readonly alikeKib: number;
}

/** Nanoseconds of the scanner's processor time. */
export function priceOf(work: KernelWork, trees: Trees, prices: Prices): number {
  const { stablePages, unstablePages, hugeShare, wereHugeShare, alikeKib } = trees;
  const alike = alikeKib * prices.alikeKib;
  const stableLevel = levelPrice(stablePages, prices.stableLevels) + alike;
  const found = 1 - hugeShare * (1 - prices.inHugePages);
  const unstableLevel = levelPrice(unstablePages, prices.unstableLevels) * found + alike;
  const inRow = 1 - wereHugeShare * (1 - (prices.mergedInHugePages ?? 1));
  return (
    (work.mergedVisits - work.repeatedVisits) * prices.mergedVisit * inRow +
    work.repeatedVisits * prices.repeatedVisit +
    (work.visits - work.mergedVisits) * prices.visit +
    work.itemsMade * prices.itemMade +
    work.stableLevels * stableLevel +
    work.unstableLevels * unstableLevel +
    work.merges * prices.merge +
    work.splits * prices.split +
    work.skips * prices.skip * inRow +
    work.absent * prices.absent
  );
}

/** What a batch with so much work takes beside it. */
export function batchPrice(
  workNs: number,
  { batch, waking }: Pick<Prices, 'batch' | 'waking'>,
): number {
  return batch + wakingPrice(workNs, waking);
}

/** Of that work, done in one go after a nap. */
export function wakingPrice(workNs: number, waking: Waking | undefined): number {
  if (waking === undefined || waking.overNs === 0) return 0;
  return waking.mostNs * (1 - Math.exp(-workNs / waking.overNs));
}

/**
 * By the logarithm of the size. Beyond the largest that was measured it grows on as before it;
 * where it fell there, by what caches held that time, it falls no further: no larger tree is
 * cheaper.
 */
function levelPrice(pages: number, levels: readonly LevelPrice[]): number {
  const [first] = levels;
  const above = levels.findIndex((level) => level.pages >= pages);
  if (first === undefined || above === 0) return first?.ns ?? 0;
  const high = levels[above === -1 ? levels.length - 1 : above] ?? first;
  const low = levels[(above === -1 ? levels.length - 1 : above) - 1] ?? first;
  if (high === low) return high.ns;
  const share = Math.log(pages / low.pages) / Math.log(high.pages / low.pages);
  const ns = low.ns + share * (high.ns - low.ns);
  return above === -1 ? Math.max(high.ns, ns) : ns;
}
