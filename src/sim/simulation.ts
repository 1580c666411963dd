/**
 * A host in the thread at hand, without a daemon: guests, their memory, and a scanner that scans
 * when it is told to. What other people's programs import as `ksmd/sim`.
 *
 * The same calls give the same counters, always: nothing scans by itself, and time is that of the
 * clock handed in, which stands still if none is. Addresses and lengths are bytes, scans and
 * regions pages. Every method throws a KsmdError where a kernel would refuse; what was refused has
 * changed nothing. Of the machine beneath, whose words may change with any version, nothing shows.
 */
import { KsmdError } from '../errors.js';
import { checkHost } from '../inspect/check.js';
import { explainPage } from '../inspect/explain.js';
import type { PageExplanation } from '../inspect/page-explanation.js';
import { type Clock, ManualClock } from '../ksm/clock.js';
import { Host } from '../ksm/host.js';
import type { ProfileName } from '../ksm/kernels.js';
import type { CounterName, GuestCounterName } from '../ksm/records/counter-records.js';
import type { TunableName } from '../ksm/records/tunable-records.js';
import type { Advice } from '../names.js';

/** More pages than any machine has, and still a word of the core's. */
const ALL_PAGES = 2 ** 31 - 1;

export interface SimulationOptions {
  /** Of simulated physical memory, in whole pages. Its tables come on top, all below 4 GiB. */
  readonly memoryBytes: number;
  /** How many pages guests may register in all. Default: four times as many as memory has. */
  readonly guestPages?: number;
  /** Whose order of steps is followed. Default 6.18. */
  readonly kernel?: ProfileName;
  /** What chains are pruned by, and what the advisor advises by. Default: time stands still. */
  readonly clock?: Clock;
}

export interface RegionRequest {
  readonly pages: number;
  /** Default: where there is room. */
  readonly address?: number;
  /** Default true. */
  readonly mergeable?: boolean;
  /** Advised to huge pages: the first touch of each 512 pages takes one. Default false. */
  readonly huge?: boolean;
}

/** What a guest takes up. */
export interface Resident {
  /** Pages that have a frame, their own or shared. */
  readonly pages: number;
  /** Huge pages among them, of 512 pages each. */
  readonly hugePages: number;
}

export interface Region {
  readonly name: string;
  readonly address: number;
  readonly pages: number;
}

/** A whole region, or a range of whole pages. */
export type AdvisedPages =
  | { readonly region: string }
  | { readonly address: number; readonly length: number };

export class Simulation {
  private readonly host: Host;

  /** EINVAL if there is no room for so large a memory. */
  constructor({ clock = new ManualClock(), ...options }: SimulationOptions) {
    this.host = Host.create(options, clock);
  }

  /** Bytes of a page. */
  get pageSize(): number {
    return this.host.machine.pageSize;
  }

  // Guests and their regions.

  /** A guest without memory, on a NUMA node. EEXIST if the name is taken. */
  createGuest(guest: string, node = 0): void {
    this.host.createGuest(guest, node);
  }

  /**
   * The guest forks: `child` has its regions and all its pages, shared until one of them writes.
   * EEXIST if the name is taken, ENOSPC if there is no room for more regions.
   */
  fork(guest: string, child: string): void {
    this.host.fork(guest, child);
  }

  /**
   * prctl(PR_SET_MEMORY_MERGE): all that the guest has and will map is mergeable, or nothing is.
   * EINVAL where the kernel does not know it, ENOMEM if frames run short as pages are given back.
   */
  prctl(guest: string, merge: boolean): void {
    this.host.prctl(guest, merge);
  }

  /**
   * The guest becomes another program: its regions go, what prctl has set stays. ENOSPC at the
   * limit of guests.
   */
  exec(guest: string): void {
    this.host.exec(guest);
  }

  /** The guest exits: its memory is free at once, its rmap items go as the scanner passes. */
  removeGuest(guest: string): void {
    this.host.exitGuest(guest);
  }

  /** In the order in which they were made. */
  guests(): string[] {
    return this.host.guests.names();
  }

  /** Registers a region of untouched pages. EEXIST if the name is taken, EINVAL if pages are. */
  map(guest: string, region: string, { pages, ...options }: RegionRequest): Region {
    return this.host.map(guest, region, pages, options);
  }

  /** Unregisters a region: its pages are gone. */
  unmap(guest: string, region: string): void {
    this.host.unmap(guest, region);
  }

  /** A guest's regions, in order of address. */
  regions(guest: string): Region[] {
    return this.host.guests.regionsOf(guest);
  }

  /**
   * What a program says of its pages with madvise(2). EFAULT where nothing is mapped. `collapse` is
   * refused as the kernel does: EINVAL, EAGAIN or ENOMEM, and what was collapsed before stays so.
   */
  madvise(guest: string, advice: Advice, pages: AdvisedPages): void {
    const { address, length } = 'region' in pages ? this.rangeOf(guest, pages.region) : pages;
    this.host.madvise(guest, address, length, advice);
  }

  // Memory.

  /**
   * Stores bytes. EFAULT where nothing is mapped; ENOMEM if frames run out, where
   * `details.bytesStored` says how much was stored: a scan may free some.
   */
  store(guest: string, address: number, bytes: Uint8Array): void {
    this.host.memory.store(guest, address, bytes);
  }

  /** A copy of what the guest has there. EFAULT where nothing is mapped. */
  load(guest: string, address: number, length: number): Uint8Array {
    this.host.memory.assertMapped(guest, address, length);
    const bytes = new Uint8Array(length);
    this.host.memory.load(guest, address, bytes);
    return bytes;
  }

  /** What the guest takes up. */
  resident(guest: string): Resident {
    return {
      pages: this.host.guests.presentPages(guest),
      hugePages: this.host.guests.hugePages(guest),
    };
  }

  // The scanner, and khugepaged.

  /**
   * Scans one batch of so many pages, whatever `run` and `pages_to_scan` say; fewer if the full
   * scan ends, which ends the batch. How many were visited.
   */
  scan(pages: number): number {
    if (!Number.isInteger(pages) || pages < 0 || pages > ALL_PAGES)
      throw new KsmdError('EINVAL', `a scan of ${pages} pages: take 0 to ${ALL_PAGES}`);
    return this.host.ksm.scan(pages);
  }

  /** Scans to the end of all mergeable memory, from where the last batch ended. How many pages. */
  fullScan(): number {
    return this.scan(ALL_PAGES);
  }

  /**
   * One pass of khugepaged, over so many pages: it makes huge pages of those that KSM split, or
   * that were given back in part. How many.
   */
  khugepaged(pages: number): number {
    if (!Number.isInteger(pages) || pages < 1 || pages > ALL_PAGES)
      throw new KsmdError('EINVAL', `a pass over ${pages} pages: take 1 to ${ALL_PAGES}`);
    const before = this.host.khugepaged.counters.pages_collapsed;
    this.host.passKhugepaged(pages);
    return this.host.khugepaged.counters.pages_collapsed - before;
  }

  /** Writes a tunable. ENOENT if the kernel has none of that name, EBUSY if it cannot change. */
  set(name: TunableName, value: number | string): void {
    this.host.files.set(name, value);
  }

  /** The files of /sys/kernel/mm/ksm that can be written. */
  tunables(): Readonly<Record<string, number | string>> {
    return this.host.files.tunables();
  }

  /** The files of /sys/kernel/mm/ksm that can only be read, those that the kernel has. */
  counters(): Readonly<Partial<Record<CounterName, number>>> {
    return this.host.files.counters();
  }

  /** What /proc/PID tells of a guest. */
  guestCounters(guest: string): Readonly<Partial<Record<GuestCounterName, number>>> {
    return this.host.files.guestCounters(guest);
  }

  // Looking closely. Nothing changes.

  /** Why the page at `address` is merged or not, with so many of its twins named. */
  explain(guest: string, address: number, twins = 10): PageExplanation {
    return explainPage(this.host, guest, address, twins);
  }

  /** What does not agree when everything is recounted, a sentence each. Looks at every page. */
  check(): string[] {
    return checkHost(this.host);
  }

  private rangeOf(guest: string, region: string): { address: number; length: number } {
    const { address, pages } = this.host.guests.regionOf(guest, region);
    return { address, length: pages * this.pageSize };
  }
}
