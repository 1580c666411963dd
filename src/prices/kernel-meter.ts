/**
 * What the kernel's scanner would have taken for what this one has done, look by look: processor
 * time by its prices, of a sample as if of all pages. A level costs by the size of its tree, which
 * changes: so whoever adds it up looks often.
 *
 * Reads counters alone, while all threads go on. Only who scans knows when a batch begins: it says
 * how many have since the last look.
 */
import { readCounter } from '../ksm/counters.js';
import { type KernelWork, readKernelWork, workSince } from '../ksm/kernel-work.js';
import type { SharedMemory } from '../machine/memory.js';
import { batchPrice, type Prices, priceOf, type Trees, wakingPrice } from './prices.js';

/** What is not counted, but known otherwise. */
export type PagesLookedAt = Pick<Trees, 'hugeShare' | 'wereHugeShare' | 'alikeKib'>;

export const SMALL_PAGES: PagesLookedAt = { hugeShare: 0, wereHugeShare: 0, alikeKib: 0 };

export class KernelMeter {
  private work: KernelWork;
  /** Of the batch under way, up to the last look. */
  private batchNs = 0;

  /** From now on. `oneIn`: the memory holds one page in so many. */
  constructor(
    private readonly memory: SharedMemory,
    private readonly oneIn: number,
    private readonly prices: Prices,
  ) {
    this.work = readKernelWork(memory);
  }

  /**
   * Nanoseconds, since the last look, in which so many `batches` have begun, of pages that are
   * like these.
   */
  look(batches: number, pages: PagesLookedAt): number {
    const { memory, oneIn, prices } = this;
    const now = readKernelWork(memory);
    const done = workSince(this.work, now);
    this.work = now;
    const shared = readCounter(memory, 'pages_shared');
    const unshared = readCounter(memory, 'pages_unshared');
    const trees = {
      stablePages: shared * oneIn,
      unstablePages: unshared * oneIn,
      ...pages,
    };
    const ofAll = {
      ...done,
      stableLevels: done.stableLevels * deeper(shared, oneIn),
      unstableLevels: done.unstableLevels * deeper(unshared, oneIn),
    };
    const workNs = priceOf(ofAll, trees, prices) * oneIn;
    return workNs + this.besides(workNs, batches);
  }

  /** What that work in so many batches takes longer, as batches go. */
  private besides(workNs: number, batches: number): number {
    const { prices, batchNs } = this;
    if (batches > 0) {
      this.batchNs = workNs / batches;
      return batches * batchPrice(this.batchNs, prices);
    }
    this.batchNs += workNs;
    return wakingPrice(this.batchNs, prices.waking) - wakingPrice(batchNs, prices.waking);
  }
}

/** How much deeper a tree of all pages is than that of a sample of them. */
function deeper(pages: number, oneIn: number): number {
  return oneIn === 1 || pages < 2 ? 1 : Math.log(pages * oneIn) / Math.log(pages);
}
