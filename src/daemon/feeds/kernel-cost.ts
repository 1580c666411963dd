/**
 * What a kernel's scanner would have taken for what this one did: processor time, as priced where
 * prices were measured. A kernel compares whole pages and hashes at every visit, so it is a
 * multiple of what ksmd takes itself.
 */
import type { Host } from '../../ksm/host.js';
import { DEFAULT_PRICES } from '../../prices/default-prices.js';
import { KernelMeter } from '../../prices/kernel-meter.js';
import type { Timers } from '../timers.js';

const EVERY_MS = 1000;

export class KernelCost {
  private ns = 0;
  private readonly meter: KernelMeter;
  readonly stop: () => void;

  constructor({ machine, oneIn }: Host, timers: Timers) {
    this.meter = new KernelMeter(machine.memory, oneIn, DEFAULT_PRICES);
    this.stop = timers.every(EVERY_MS, () => this.add());
  }

  /** Milliseconds, since the start. */
  get cpuMs(): number {
    this.add();
    return Math.round(this.ns / 1e6);
  }

  private add(): void {
    this.ns += this.meter.look(0, 0);
  }
}
