/**
 * A daemon looked at again and again: one look an interval and never more often, each at the daemon
 * that the first one met.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { KsmdError } from '../../errors.js';
import type { Status } from '../../protocol/routes/status.js';

/** Between two looks, where nobody says otherwise. */
export const DEFAULT_INTERVAL_SECONDS = 1;

/** Time as the looks get it, in milliseconds. */
export interface Waiting {
  nowMs(): number;
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

const SYSTEM: Waiting = {
  nowMs: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};

export interface Sample {
  readonly status: Status;
}

/**
 * What `look` finds, at once and then every interval. Rejects with an AbortError where `signal`
 * interrupts the wait for the next look.
 */
export async function* samples<Found extends Sample>(
  look: () => Promise<Found>,
  intervalMs: number,
  signal?: AbortSignal,
  { nowMs, wait }: Waiting = SYSTEM,
): AsyncGenerator<Found, void, undefined> {
  let dueAtMs = nowMs();
  for (let before: Status | undefined; ; ) {
    const found = await look();
    assertSameDaemon(before, found.status);
    before = found.status;
    yield found;
    // Looks that would come too late are left out.
    const now = nowMs();
    dueAtMs = Math.max(dueAtMs + intervalMs, now);
    await wait(dueAtMs - now, signal);
  }
}

function assertSameDaemon(before: Status | undefined, now: Status): void {
  if (before === undefined || (now.pid === before.pid && now.uptimeMs >= before.uptimeMs)) return;
  throw new KsmdError(
    'ECONNRESET',
    'the daemon was restarted meanwhile: its guests and counters begin anew, and so must ' +
      'this command',
  );
}
