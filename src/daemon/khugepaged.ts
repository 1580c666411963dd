/**
 * khugepaged at work: a pass every scan_sleep_millisecs, for as long as there is a guest that has
 * met a huge page.
 *
 * A pass has the machine to itself, in slices, so scanner and guests stand still for it; there are
 * never two at once. One that fails is logged, and the next one comes when it is due. In between
 * nothing is done but look, some times a second, whether one is due: so a sleep that is set anew
 * counts from the end of the last pass, where the kernel's is cut short by the write. What a pass
 * does is src/khugepaged/khugepaged.ts.
 */
import type { Logger } from 'pino';
import { traced } from '../errors.js';
import type { Khugepaged } from '../khugepaged/khugepaged.js';
import type { Standstill } from './threads/standstill.js';
import type { Timers } from './timers.js';

/** No two passes are closer together, whatever scan_sleep_millisecs is. */
const LOOK_EVERY_MS = 50;

export class KhugepagedPasses {
  private underWay: Promise<void> | undefined;
  /** Since when it sleeps; undefined while there is nothing to do. */
  private asleepSinceMs: number | undefined;
  private readonly stopLooking: () => void;

  constructor(
    private readonly khugepaged: Khugepaged,
    private readonly standstill: Pick<Standstill, 'changeInSlices'>,
    private readonly logger: Pick<Logger, 'debug' | 'error'>,
    timers: Timers,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.stopLooking = timers.every(LOOK_EVERY_MS, () => this.look());
  }

  /** Resolves once the pass under way, if there is one, is over; none comes after it. */
  async stop(): Promise<void> {
    this.stopLooking();
    await this.underWay;
  }

  private look(): void {
    if (this.underWay !== undefined) return;
    if (!this.khugepaged.hasWork) {
      this.asleepSinceMs = undefined;
      return;
    }
    this.asleepSinceMs ??= this.nowMs();
    const { scan_sleep_millisecs } = this.khugepaged.tunables;
    if (this.nowMs() - this.asleepSinceMs < scan_sleep_millisecs) return;
    this.underWay = this.pass().finally(() => {
      this.underWay = undefined;
      this.asleepSinceMs = this.nowMs();
    });
  }

  private async pass(): Promise<void> {
    const { khugepaged, logger } = this;
    const before = khugepaged.counters.pages_collapsed;
    try {
      await this.standstill.changeInSlices(() => khugepaged.pass());
    } catch (error) {
      logger.error(`a pass of khugepaged failed: ${traced(error)}`);
    }
    const collapsed = khugepaged.counters.pages_collapsed - before;
    if (collapsed > 0)
      logger.debug({ pages_collapsed: collapsed }, 'khugepaged has made huge pages');
  }
}
