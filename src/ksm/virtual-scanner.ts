/**
 * The scanner without a thread: keeps the same pace as the daemon's, but turns a clock where that
 * one sleeps.
 *
 * The clock moves by naps only; what a batch takes, whoever owns the clock adds.
 */
import type { ManualClock } from './clock.js';
import type { Ksm } from './ksm.js';
import { type Activity, IDLE } from './pace.js';

export class VirtualScanner {
  private activity: Activity = IDLE;

  constructor(
    private readonly ksm: Ksm,
    private readonly clock: ManualClock,
  ) {}

  /**
   * Sleeps through the nap, if one is due, and scans a batch. How many pages were scanned; 0 if
   * there is nothing to run for.
   */
  batch(): number {
    this.activity = this.ksm.next(this.activity);
    if (this.activity.kind === 'sleep') {
      this.clock.now = this.activity.untilMs;
      this.activity = this.ksm.next(this.activity);
    }
    return this.activity.kind === 'scan' ? this.ksm.scan(this.activity.pages) : 0;
  }
}
