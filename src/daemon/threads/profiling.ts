/**
 * Profiles of the scanner thread, one at a time.
 *
 * However a profile ends (in time, cut short by its client or by the daemon's end, with the death
 * of the scanner), the profiler is off afterwards. A batch that the scanner was told to scan is not
 * cut short: a profile that would end in one ends after it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { KsmdError } from '../../errors.js';
import type { Scanner } from './scanner.js';

export class Profiling {
  /** Aborted to cut the profile under way short. */
  private current: AbortController | undefined;

  constructor(
    private readonly scanner: Scanner,
    private readonly logger: Logger,
  ) {}

  /**
   * The profile as JSON, after `seconds`. EBUSY if another is being taken, or the scanner dies
   * before the end; the reason of `gone` if that says so.
   */
  async take(seconds: number, gone: AbortSignal): Promise<string> {
    if (this.current !== undefined)
      throw new KsmdError('EBUSY', 'a profile is being taken: wait for its end');
    const cut = new AbortController();
    this.current = cut;
    const died = (): void =>
      cut.abort(
        new KsmdError(
          'EBUSY',
          'the scanner died before the profile was done: another takes over, profile that one',
        ),
      );
    this.scanner.once('died', died);
    try {
      return await this.between(seconds, AbortSignal.any([cut.signal, gone]));
    } finally {
      this.scanner.off('died', died);
      this.current = undefined;
    }
  }

  /** The daemon stops: whoever waits for a profile hears of it. */
  interrupt(): void {
    this.current?.abort(
      new KsmdError(
        'EINTR',
        'the daemon stops before the profile is done: start it again, then profile',
      ),
    );
  }

  private async between(seconds: number, cut: AbortSignal): Promise<string> {
    await this.scanner.startProfile();
    // Whoever wonders why the scanner was slower finds out.
    this.logger.info({ seconds }, 'the scanner is being profiled');
    try {
      await delay(seconds * 1000, undefined, { signal: cut });
      return await this.scanner.stopProfile();
    } catch (error) {
      if (!cut.aborted) throw error;
      // A scanner that died has taken its profiler along.
      await this.scanner.stopProfile().catch(() => {});
      throw cut.reason;
    } finally {
      this.logger.info('the profile has ended');
    }
  }
}
