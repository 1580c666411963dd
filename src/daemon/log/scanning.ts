/**
 * What the log tells of the scanner: at debug all counters, at most once a second, while they move;
 * at info full scans, of those after which KSM knows or merges more or less, at most one in ten
 * seconds. So a log at info grows with what happens, not with time.
 */
import type { Logger } from 'pino';
import type { Timers } from '../timers.js';

const LOOK_MS = 1000;
const LOOKS_A_FULL_SCAN = 10;

export type Counters = Readonly<Partial<Record<string, number>>>;

/** Logs until the returned function is called. */
export function logScanning(logger: Logger, counters: () => Counters, timers: Timers): () => void {
  let last = JSON.stringify(counters());
  let told = counters();
  let looks = LOOKS_A_FULL_SCAN;
  return timers.every(LOOK_MS, () => {
    const now = counters();
    const text = JSON.stringify(now);
    looks++;
    if (text === last) return;
    last = text;
    logger.debug(now, 'scanned');
    if (looks < LOOKS_A_FULL_SCAN || now.full_scans === told.full_scans) return;
    const result = resultOf(now);
    if (JSON.stringify(result) === JSON.stringify(resultOf(told))) return;
    told = now;
    looks = 0;
    logger.info({ full_scans: now.full_scans, ...result }, 'a full scan has ended');
  });
}

/** What pages have come to. Which of them are unshared and which volatile changes all the time. */
function resultOf({
  pages_shared = 0,
  pages_sharing = 0,
  pages_unshared = 0,
  pages_volatile = 0,
  ksm_zero_pages,
}: Counters): object {
  return {
    pages_shared,
    pages_sharing,
    pages_not_shared: pages_unshared + pages_volatile,
    ...(ksm_zero_pages === undefined ? {} : { ksm_zero_pages }),
  };
}
