/**
 * The kernel's time on the scanner's thread: what a kernel's scanner would have taken for the work
 * done here, and, at the kernel's pace, how long this one waits so as to be no sooner done.
 *
 * The scanner's thread only.
 */
import { CTL_KERNEL_CPU_MS, CTL_PACE } from '../../core/layout.js';
import type { SharedMemory } from '../../machine/memory.js';
import { KernelMeter, SMALL_PAGES } from '../../prices/kernel-meter.js';
import type { Prices } from '../../prices/prices.js';

/** What is waited for in one go, within a batch: less is owed until then. */
const LEAST_HOLD_MS = 5;

export class KernelTime {
  private readonly i32: Int32Array;
  private readonly meter: KernelMeter;
  private usedNs: number;
  private batches = 0;
  /**
   * When a kernel would be as far with the batch under way, by the scanner's clock. One that was
   * begun at the other pace is never waited for.
   */
  private dueMs = Number.NEGATIVE_INFINITY;

  /** Goes on from what the threads before this one counted. `oneIn`: a page in so many is held. */
  constructor(memory: SharedMemory, oneIn: number, prices: Prices) {
    this.i32 = memory.i32;
    this.meter = new KernelMeter(memory, oneIn, prices);
    this.usedNs = (Atomics.load(this.i32, CTL_KERNEL_CPU_MS) >>> 0) * 1e6;
  }

  /** The tunable: the scanner keeps the kernel's pace. */
  get isKept(): boolean {
    return Atomics.load(this.i32, CTL_PACE) !== 0;
  }

  /** Milliseconds of processor time, up to now. */
  get cpuMs(): number {
    this.count();
    return this.usedNs / 1e6;
  }

  /** Others may read it from here on. */
  publish(): void {
    Atomics.store(this.i32, CTL_KERNEL_CPU_MS, Math.floor(this.cpuMs) | 0);
  }

  beginBatch(nowMs: number): void {
    if (this.isKept) this.count();
    this.batches++;
    this.dueMs = this.isKept ? nowMs : Number.NEGATIVE_INFINITY;
  }

  /** Until when the scanner is to wait now; 0 if it may go on. `isOver`: the batch is. */
  holdUntilMs(nowMs: number, isOver: boolean): number {
    if (!this.isKept) return 0;
    this.count();
    return this.dueMs - nowMs >= (isOver ? 0 : LEAST_HOLD_MS) ? this.dueMs : 0;
  }

  /** What has come since the last time; whoever asks meanwhile, it is waited for. */
  private count(): void {
    const ns = this.meter.look(this.batches, SMALL_PAGES);
    this.batches = 0;
    this.usedNs += ns;
    this.dueMs += ns / 1e6;
  }
}
