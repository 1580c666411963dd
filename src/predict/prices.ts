/**
 * What the kernel's work costs it: nanoseconds of processor time for each thing that its scanner
 * does (src/ksm/kernel-work.ts counts them), and for a guest that writes to a merged page.
 *
 * Most of a visit's time goes into the way down the unstable tree: at each level the kernel finds
 * a page by its owner's page table, and misses its caches, the more the larger the tree is; a page
 * of the stable tree it has at hand. What two pages begin alike is read before they are seen to
 * differ.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { KsmdError } from '../errors.js';
import type { KernelWork } from '../ksm/kernel-work.js';

const Ns = Type.Number({ minimum: 0, maximum: 1e9 });
const Levels = Type.Array(Type.Object({ pages: Type.Number({ minimum: 1 }), ns: Ns }), {
  minItems: 1,
  maxItems: 64,
});

const PricesSchema = Type.Object({
  /** Where they were measured: kernel and processor. */
  measuredOn: Type.String({ maxLength: 256 }),
  /** A visit to a page that is merged already. */
  mergedVisit: Ns,
  /** A visit to any other, its checksum included. */
  visit: Ns,
  itemMade: Ns,
  /** A page given to an equal one, once that is found. */
  merge: Ns,
  /** A huge page made into small ones. */
  split: Ns,
  skip: Ns,
  /** A page that is not there. */
  absent: Ns,
  /** A batch, beside what it visits. */
  batch: Ns,
  /** A level of each tree of so many pages, in order of their number. */
  stableLevels: Levels,
  unstableLevels: Levels,
  /** How much of that a level of the unstable tree costs whose pages lie in huge pages. */
  inHugePages: Type.Number({ minimum: 0, maximum: 10 }),
  /** Each KiB that two compared pages begin alike. */
  alikeKib: Ns,
  /** A guest's first write to a merged page. */
  writeFault: Ns,
});
export type Prices = Static<typeof PricesSchema>;

const schema = Compile(PricesSchema);

/** EINVAL if these are none. */
export function pricesOf(value: unknown): Prices {
  if (schema.Check(value)) return value;
  const [first] = schema.Errors(value);
  throw new KsmdError('EINVAL', `these are no prices: ${first?.instancePath} ${first?.message}`);
}

/** What the trees are like while work is done. */
export interface Trees {
  readonly stablePages: number;
  readonly unstablePages: number;
  /** Of the pages of the unstable tree, how many of one lie in huge pages. */
  readonly hugeShare: number;
  /** KiB that pages compared begin alike, on average. */
  readonly alikeKib: number;
}

/** Nanoseconds of the scanner's processor time. */
export function priceOf(work: KernelWork, trees: Trees, prices: Prices): number {
  const { stablePages, unstablePages, hugeShare, alikeKib } = trees;
  const alike = alikeKib * prices.alikeKib;
  const stableLevel = levelPrice(stablePages, prices.stableLevels) + alike;
  const found = 1 - hugeShare * (1 - prices.inHugePages);
  const unstableLevel = levelPrice(unstablePages, prices.unstableLevels) * found + alike;
  return (
    work.mergedVisits * prices.mergedVisit +
    (work.visits - work.mergedVisits) * prices.visit +
    work.itemsMade * prices.itemMade +
    work.stableLevels * stableLevel +
    work.unstableLevels * unstableLevel +
    work.merges * prices.merge +
    work.splits * prices.split +
    work.skips * prices.skip +
    work.absent * prices.absent
  );
}

/** By the logarithm of the size; beyond the largest that was measured it grows on as before it. */
function levelPrice(pages: number, levels: Prices['stableLevels']): number {
  const [first] = levels;
  const above = levels.findIndex((level) => level.pages >= pages);
  if (first === undefined || above === 0) return first?.ns ?? 0;
  const high = levels[above === -1 ? levels.length - 1 : above] ?? first;
  const low = levels[(above === -1 ? levels.length - 1 : above) - 1] ?? first;
  if (high === low) return high.ns;
  const share = Math.log(pages / low.pages) / Math.log(high.pages / low.pages);
  return Math.max(0, low.ns + share * (high.ns - low.ns));
}
