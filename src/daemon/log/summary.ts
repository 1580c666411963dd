/** A line in the log, at most once a second, while the counters move. */
import type { Logger } from 'pino';
import type { Timers } from '../timers.js';

const INTERVAL_MS = 1000;

/** Logs what `counters` gives whenever it has changed, until the returned function is called. */
export function logSummaries(logger: Logger, counters: () => object, timers: Timers): () => void {
  let last = JSON.stringify(counters());
  return timers.every(INTERVAL_MS, () => {
    const now = counters();
    const text = JSON.stringify(now);
    if (text === last) return;
    last = text;
    logger.info(now, 'scanned');
  });
}
