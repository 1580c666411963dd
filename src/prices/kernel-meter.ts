/**
 * What the kernel's scanner would have taken for what this one has done, look by look: processor
 * time by its prices, of a sample as if of all pages. A level costs by the size of its tree, which
 * changes: so whoever adds it up looks often.
 *
 * Reads counters alone, while all threads go on. What a batch costs beside its visits is not in it:
 * only who scans knows when one ends.
 */
import { readCounter } from '../ksm/counters.js';
import { type KernelWork, readKernelWork, workSince } from '../ksm/kernel-work.js';
import type { SharedMemory } from '../machine/memory.js';
import { type Prices, priceOf } from './prices.js';

export class KernelMeter {
  private work: KernelWork;

  /** From now on. `oneIn`: the memory holds one page in so many. */
  constructor(
    private readonly memory: SharedMemory,
    private readonly oneIn: number,
    private readonly prices: Prices,
  ) {
    this.work = readKernelWork(memory);
  }

  /**
   * Nanoseconds, since the last look. `hugeShare`: of the pages, how many of one lie in huge pages;
   * `alikeKib`: what pages compared begin alike, on average.
   */
  look(hugeShare: number, alikeKib: number): number {
    const { memory, oneIn, prices } = this;
    const now = readKernelWork(memory);
    const done = workSince(this.work, now);
    this.work = now;
    const shared = readCounter(memory, 'pages_shared');
    const unshared = readCounter(memory, 'pages_unshared');
    const trees = {
      stablePages: shared * oneIn,
      unstablePages: unshared * oneIn,
      hugeShare,
      alikeKib,
    };
    const ofAll = {
      ...done,
      stableLevels: done.stableLevels * deeper(shared, oneIn),
      unstableLevels: done.unstableLevels * deeper(unshared, oneIn),
    };
    return priceOf(ofAll, trees, prices) * oneIn;
  }
}

/** How much deeper a tree of all pages is than that of a sample of them. */
function deeper(pages: number, oneIn: number): number {
  return oneIn === 1 || pages < 2 ? 1 : Math.log(pages * oneIn) / Math.log(pages);
}
