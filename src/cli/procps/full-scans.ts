/**
 * The scanner's full scans, as looks at the daemon see them: what the last whole ones spent on
 * whom, and how far the one under way is. To the look, and no more exactly.
 */
import type { GuestSample, ScanSpan } from './guest-usage.js';

/** Smart scan leaves out up to eight full scans between two visits of a page. */
const MOST_SCANS = 9;
/** A full scan of fewer looks is over too soon for how far it is to be read. */
const LEAST_LOOKS = 5;

export class FullScans {
  private before: GuestSample | undefined;
  /** Looks that saw a full scan end, the last ones. */
  private readonly ends: GuestSample[] = [];
  /** Full scans at the last looks, with their parts. */
  private readonly progress: number[] = [];

  /** Each look, in turn. */
  see(now: GuestSample): void {
    const { before } = this;
    this.before = now;
    if (before !== undefined && scansOf(now) !== scansOf(before)) kept(this.ends, now, MOST_SCANS);
    const share = now.status.scanner.fullScanShare ?? 0;
    kept(this.progress, scansOf(now) + share, LEAST_LOOKS);
  }

  /** The last whole full scans, nine or, if several end in a look, more; once one was seen. */
  get last(): ScanSpan | undefined {
    const from = this.ends[0];
    const to = this.ends.at(-1);
    return from === undefined || to === undefined || from === to ? undefined : { from, to };
  }

  /** Of the full scan under way; unknown where they are too short. */
  get doneShare(): number | undefined {
    const first = this.progress[0] ?? 0;
    const done = (this.progress.at(-1) ?? 0) - first;
    if (done * LEAST_LOOKS > Math.max(1, this.progress.length - 1)) return undefined;
    return this.before?.status.scanner.fullScanShare;
  }
}

/** So many and one more, from the first to the last of which are so many steps. */
function kept<Item>(items: Item[], item: Item, steps: number): void {
  items.push(item);
  if (items.length > steps + 1) items.shift();
}

function scansOf({ status }: GuestSample): number {
  return status.counters.full_scans ?? 0;
}
