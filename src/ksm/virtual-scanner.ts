/**
 * The scanner without a thread: keeps the same pace as the daemon's scanner, but turns a clock
 * where that one sleeps.
 *
 * Here the clock moves by naps only. The time that a batch takes is added by the clock's owner.
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
