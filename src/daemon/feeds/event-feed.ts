/**
 * What happens on the machine, told to whoever listens.
 *
 * Nobody on the data path calls anything here: the shared counters are read five times a second,
 * and only while somebody listens.
 */
import type { KsmdEvent } from '../../protocol/routes/streams.js';
import type { Timers } from '../timers.js';
import type { EventCounts } from './event-counts.js';

export const POLL_MS = 200;

export type Listener = (event: KsmdEvent) => void;

export class EventFeed {
  private readonly listeners = new Set<Listener>();
  private stopPolling: (() => void) | undefined;
  private seen: EventCounts;

  constructor(
    private readonly counts: () => EventCounts,
    private readonly timers: Timers,
  ) {
    this.seen = counts();
  }

  /** Calls `listener` with every event from now on, until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.stopPolling === undefined) {
      this.seen = this.counts();
      this.stopPolling = this.timers.every(POLL_MS, () => this.poll());
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.stopPolling?.();
      this.stopPolling = undefined;
    };
  }

  warn(message: string): void {
    this.tell({ event: 'warning', data: { message } });
  }

  private poll(): void {
    const before = this.seen;
    const now = this.counts();
    this.seen = now;
    const merges = now.merges - before.merges;
    if (merges > 0) this.tell({ event: 'merges', data: { pages: merges } });
    const breaks = now.breaks - before.breaks;
    if (breaks > 0) this.tell({ event: 'breaks', data: { pages: breaks } });
    const splits = now.splits - before.splits;
    if (splits > 0) this.tell({ event: 'splits', data: { hugePages: splits } });
    const collapses = now.collapses - before.collapses;
    if (collapses > 0) this.tell({ event: 'collapses', data: { hugePages: collapses } });
    if (now.fullScans !== before.fullScans) {
      this.tell({
        event: 'full_scan',
        data: {
          full_scans: now.fullScans,
          pages_shared: now.pagesShared,
          pages_sharing: now.pagesSharing,
        },
      });
    }
  }

  private tell(event: KsmdEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
