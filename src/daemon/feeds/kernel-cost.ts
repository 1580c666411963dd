/**
 * What a kernel's scanner would have taken for what this one did: processor time, as priced where
 * prices were measured. A kernel compares whole pages and hashes at every visit, so it is a
 * multiple of what ksmd takes itself.
 *
 * A level costs by the size of its tree, which changes: so it is added up as it goes. Looks at
 * counters alone, while all threads go on.
 */
import { readCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import { type KernelWork, workSince } from '../../ksm/kernel-work.js';
import { DEFAULT_PRICES } from '../../predict/default-prices.js';
import { priceOf } from '../../predict/prices.js';
import type { Timers } from '../timers.js';

const EVERY_MS = 1000;

export class KernelCost {
  private ns = 0;
  private work: KernelWork;
  readonly stop: () => void;

  constructor(
    private readonly host: Host,
    timers: Timers,
  ) {
    this.work = host.kernelWork();
    this.stop = timers.every(EVERY_MS, () => this.add());
  }

  /** Milliseconds, since the start; of a sample as if of all pages. */
  get cpuMs(): number {
    this.add();
    return Math.round((this.ns * this.host.oneIn) / 1e6);
  }

  private add(): void {
    const { memory } = this.host.machine;
    const now = this.host.kernelWork();
    const trees = {
      stablePages: readCounter(memory, 'pages_shared'),
      unstablePages: readCounter(memory, 'pages_unshared'),
      hugeShare: 0,
      alikeKib: 0,
    };
    this.ns += priceOf(workSince(this.work, now), trees, DEFAULT_PRICES);
    this.work = now;
  }
}
