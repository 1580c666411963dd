/** What events are told from: counts of a host, looked at again and again. */
import { readCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';

export interface EventCounts {
  /** Counts since the daemon's start. */
  readonly merges: number;
  readonly breaks: number;
  readonly splits: number;
  readonly collapses: number;
  readonly fullScans: number;
  readonly pagesShared: number;
  readonly pagesSharing: number;
}

export function eventCounts(host: Host): EventCounts {
  const { memory } = host.machine;
  const { merges, cowBreaks, splits } = host.files.totals();
  return {
    merges,
    breaks: cowBreaks,
    splits,
    collapses: host.khugepaged.counters.pages_collapsed,
    fullScans: readCounter(memory, 'full_scans'),
    pagesShared: readCounter(memory, 'pages_shared'),
    pagesSharing: readCounter(memory, 'pages_sharing'),
  };
}
