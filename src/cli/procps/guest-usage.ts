/**
 * What each guest takes up, what it saves and what it costs, between two looks at the daemon or
 * since its start.
 */
import type { GuestSummary } from '../../protocol/routes/guests.js';
import type { Workload } from '../../protocol/routes/workloads.js';
import { savedByGuest } from '../../wording/saved-by-guest.js';
import type { Sample } from './samples.js';

export interface GuestSample extends Sample {
  readonly takenAt: Date;
  readonly guests: readonly GuestSummary[];
  readonly workloads: readonly Workload[];
}

export interface GuestUsage {
  readonly name: string;
  /** R: a workload of it runs; D: one waits for a free frame; S: neither. */
  readonly state: 'R' | 'D' | 'S';
  readonly registeredBytes: number;
  /** Of the frames it maps, its own and shared. */
  readonly presentBytes: number;
  /** Of these, KSM pages. */
  readonly sharedBytes: number;
  /** How many huge pages it maps. */
  readonly hugePages: number;
  /** Of all memory: what is present. */
  readonly memoryShare: number;
  /** Processors' worth of time its workloads have used. */
  readonly cpus: number;
  /** Its part of what all guests save. */
  readonly savedBytes: number;
  readonly bookkeepingBytes: number;
  /**
   * Of the pages that the scanner looked at, none that is merged or that smart scan skips, over a
   * span of full scans. Absent where it looked at none.
   */
  readonly scannerShare?: number;
}

/** Whole full scans, from one look to another; without `from`, since the start. */
export interface ScanSpan {
  readonly from?: GuestSample;
  readonly to: GuestSample;
}

/**
 * In the daemon's order. Without `before`, since the start. What the scanner has spent on each is
 * told over `scans`: as it passes from guest to guest, between two looks it may be all one's.
 */
export function guestUsage(
  now: GuestSample,
  before: GuestSample | undefined,
  scans: ScanSpan = { to: now },
): GuestUsage[] {
  const { status, guests, workloads } = now;
  const { pageSize, memory } = status;
  const intervalMs = Math.max(1, status.uptimeMs - (before?.status.uptimeMs ?? 0));
  const savedBytes = savedByGuest(status, guests);
  const cpuMsBefore = new Map(before?.workloads.map(({ id, cpuMs }) => [id, cpuMs]));
  const visits = visitsIn(scans, guests);
  const allVisits = sum(visits, (count) => count);

  return guests.map((guest, i) => {
    const own = workloads.filter((workload) => workload.guest === guest.name);
    return {
      name: guest.name,
      state: own.some(({ state }) => state === 'waiting')
        ? 'D'
        : own.some(({ state }) => state === 'running')
          ? 'R'
          : 'S',
      registeredBytes: guest.registeredPages * pageSize,
      presentBytes: guest.presentPages * pageSize,
      hugePages: guest.hugePages,
      sharedBytes: Math.min(guest.mergedPages, guest.presentPages) * pageSize,
      memoryShare: (guest.presentPages * pageSize) / memory.totalBytes,
      cpus: sum(own, ({ id, cpuMs }) => sinceThen(cpuMs, cpuMsBefore.get(id))) / intervalMs,
      savedBytes: savedBytes[i] ?? 0,
      bookkeepingBytes: guest.bookkeepingBytes,
      ...(allVisits === 0 ? {} : { scannerShare: (visits[i] ?? 0) / allVisits }),
    };
  });
}

/** Of each of these guests; one that has come since has none. */
function visitsIn({ from, to }: ScanSpan, guests: readonly GuestSummary[]): number[] {
  const byName = (sample?: GuestSample): Map<string, number> =>
    new Map(sample?.guests.map(({ name, visits }) => [name, visits]));
  const [then, later] = [byName(from), byName(to)];
  // One that counts less than it did is another guest of the name.
  return guests.map(({ name }) => sinceThen(later.get(name) ?? 0, then.get(name)));
}

function sinceThen(now: number, then = 0): number {
  return now < then ? now : now - then;
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
