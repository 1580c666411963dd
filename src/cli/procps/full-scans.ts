/**
 * The scanner's full scans, as looks at the daemon see them: what the last whole one spent on whom,
 * and how far the one under way is. To the look, and no more exactly.
 */
import type { GuestSample, ScanSpan } from './guest-usage.js';

export class FullScans {
  private before: GuestSample | undefined;
  /** The look that saw the last full scan end. */
  private ended: GuestSample | undefined;
  /** How many ended between the last two looks that differ in it. */
  private endedAtOnce = 0;
  private span: ScanSpan | undefined;

  /** Each look, in turn. */
  see(now: GuestSample): void {
    const { before } = this;
    this.before = now;
    if (before === undefined) return;
    const scans = scansOf(now) - scansOf(before);
    if (scans === 0) return;
    if (this.ended !== undefined) this.span = { from: this.ended, to: now };
    this.ended = now;
    this.endedAtOnce = scans;
  }

  /** The last whole full scan, or several if they are shorter than a look; once one was seen. */
  get last(): ScanSpan | undefined {
    return this.span;
  }

  /** Of the full scan under way, by the length of the last; unknown where they are too short. */
  get doneShare(): number | undefined {
    const { before, ended, span } = this;
    if (before === undefined || ended === undefined || span?.from === undefined) return undefined;
    const pages = scannedBetween(span.from, span.to);
    if (pages === 0 || this.endedAtOnce > 1) return undefined;
    return Math.min(1, scannedBetween(ended, before) / pages);
  }
}

function scansOf({ status }: GuestSample): number {
  return status.counters.full_scans ?? 0;
}

function scannedBetween(from: GuestSample, to: GuestSample): number {
  return to.status.totals.pagesScanned - from.status.totals.pagesScanned;
}
