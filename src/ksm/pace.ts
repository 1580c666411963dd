/**
 * The scanner's pace, as a pure function of time: a batch of pages_to_scan, a nap of
 * sleep_millisecs, the next batch.
 *
 * As Linux's ksmd keeps it. Between two batches it looks whether it should run at all; a nap begun
 * is finished, whatever `run` is written meanwhile. Only a changed sleep_millisecs ends one, and in
 * kernels before 5.0 not even that.
 *
 * Whoever scans asks what comes next: the daemon's thread, which really sleeps, and the virtual
 * scanner, which turns a clock. Knows no pages: how many a batch found is not its business.
 */

/** What the scanner does: a batch, a nap between two batches, or nothing until it should run. */
export type Activity =
  | { readonly kind: 'scan'; readonly pages: number }
  | { readonly kind: 'sleep'; readonly untilMs: number; readonly sleepMillisecs: number }
  | { readonly kind: 'idle' };

export const IDLE: Activity = { kind: 'idle' };

/** What decides on it. */
export interface PaceInputs {
  readonly nowMs: number;
  /** `run` is 1, and there is a guest to scan. */
  readonly shouldRun: boolean;
  readonly pagesToScan: number;
  readonly sleepMillisecs: number;
  /** Whether a changed sleep_millisecs ends the nap under way. */
  readonly napEndsOnChange: boolean;
  /** Milliseconds between two ticks of the kernel's timer; 0: naps end on time. */
  readonly tickMs?: number;
}

/**
 * What comes after `before`. A batch counts as done when this is called; a nap goes on for as long
 * as the answer is `before` itself.
 */
export function nextActivity(before: Activity, inputs: PaceInputs): Activity {
  const { nowMs, shouldRun, pagesToScan, sleepMillisecs, tickMs = 0 } = inputs;
  if (before.kind === 'scan' && shouldRun && sleepMillisecs > 0)
    return { kind: 'sleep', untilMs: napEndMs(nowMs, sleepMillisecs, tickMs), sleepMillisecs };
  if (before.kind === 'sleep' && nowMs < before.untilMs) {
    const changed = sleepMillisecs !== before.sleepMillisecs;
    if (!(changed && inputs.napEndsOnChange)) return before;
  }
  return shouldRun ? { kind: 'scan', pages: pagesToScan } : IDLE;
}

/**
 * The kernel's timer goes by ticks: a nap of as many as it takes begins at the next one, so that
 * none is too short. Linux: schedule_timeout, calc_index.
 */
function napEndMs(nowMs: number, sleepMillisecs: number, tickMs: number): number {
  if (tickMs === 0) return nowMs + sleepMillisecs;
  const ticks = Math.ceil(sleepMillisecs / tickMs);
  return (Math.floor(nowMs / tickMs) + ticks + 1) * tickMs;
}
