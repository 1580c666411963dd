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
  /** Of the scanner's visits that looked at a page. */
  readonly scannerShare: number;
}

/** In the daemon's order. Without `before`, since the start. */
export function guestUsage(now: GuestSample, before: GuestSample | undefined): GuestUsage[] {
  const { status, guests, workloads } = now;
  const { pageSize, memory } = status;
  const intervalMs = Math.max(1, status.uptimeMs - (before?.status.uptimeMs ?? 0));
  const savedBytes = savedByGuest(status, guests);
  const visitsBefore = new Map(before?.guests.map(({ name, visits }) => [name, visits]));
  const cpuMsBefore = new Map(before?.workloads.map(({ id, cpuMs }) => [id, cpuMs]));
  // One that counts less than it did is another guest of the name.
  const visits = guests.map((guest) => sinceThen(guest.visits, visitsBefore.get(guest.name)));
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
      scannerShare: share(visits[i] ?? 0, allVisits),
    };
  });
}

function sinceThen(now: number, then = 0): number {
  return now < then ? now : now - then;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
