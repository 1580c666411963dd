/** The sweeps of a recording, told one after the other at their own pace, or a multiple of it. */
import type { SweepReport } from '../../../recording/capture/capture.js';
import type { CaptureClock } from '../../../recording/capture/pace.js';
import type { Recording } from '../../../recording/recording.js';
import type { ToldHost } from './told-host.js';

/** No timer of Node's waits for much more than 24 days. */
const LONGEST_SLEEP_MS = 86_400_000;

export interface Playing {
  /** So many times as fast as it was recorded. */
  readonly speed: number;
  readonly clock: CaptureClock;
  /** No other sweep is told. */
  readonly signal: AbortSignal;
}

/** Each is over when its time has come; the first at once. */
export async function* playedSweeps(
  recording: Recording,
  host: ToldHost,
  { speed, clock, signal }: Playing,
): AsyncGenerator<SweepReport, void, undefined> {
  const beginMs = clock.nowMs();
  let firstMs: number | undefined;
  for await (const record of recording.records()) {
    if (record.type !== 'end') {
      host.write(record);
      continue;
    }
    firstMs ??= record.startMs;
    const dueMs = beginMs + (record.startMs - firstMs) / speed;
    for (let leftMs = dueMs - clock.nowMs(); leftMs > 0; leftMs = dueMs - clock.nowMs()) {
      if (signal.aborted) return;
      await clock.sleep(Math.min(leftMs, LONGEST_SLEEP_MS), signal);
    }
    if (signal.aborted) return;
    host.endSweep(record);
    if (host.lastReport !== undefined) yield host.lastReport;
  }
}
