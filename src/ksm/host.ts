/**
 * A host: a machine with KSM on it, its guests and regions by name, and the calls a kernel offers
 * them (mmap, munmap, madvise, exit, loads, stores) and their administrator (sysfs).
 *
 * The same in one thread (replay, tests) as on the daemon's API thread. There, guests, regions and
 * advice change only while every other thread stands still; loads and stores go on beside them.
 * What takes long with many pages can be had in slices too.
 */
import {
  CTL_SLOTS_USED,
  GUEST_EXITING,
  GUEST_INHERITED_ITEMS,
  GUEST_INHERITED_MERGING,
  GUEST_KHUGEPAGED,
  GUEST_MERGE_ANY,
  GUEST_NUMA_NODE,
  GUEST_PRESENT_PAGES,
  GUEST_STATE,
  REGION_HUGE,
  REGION_NUMA_NODE,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { Khugepaged } from '../khugepaged/khugepaged.js';
import {
  checkedKhugepagedTunable,
  type KhugepagedCounter,
  type KhugepagedTunable,
} from '../khugepaged/tunables.js';
import { collapseRange } from '../machine/collapse.js';
import { forkRegion } from '../machine/fork.js';
import type { MachineSize } from '../machine/geometry.js';
import { assertNumaNode } from '../machine/guests.js';
import { finish, type LongWork } from '../machine/long-work.js';
import { Machine } from '../machine/machine.js';
import { HOLDER_API } from '../machine/pte.js';
import { type Advice, DEFAULT_KERNEL, KHUGEPAGED } from '../names.js';
import { didYouMean } from '../similar.js';
import { advisePages, mergesAny, setMergesAny, unsharePages } from './advice.js';
import type { Clock } from './clock.js';
import {
  type GuestTotals,
  readCounter,
  readGuestCounter,
  readGuestTotals,
  readTotals,
  type Totals,
} from './counters.js';
import { adoptItems } from './ghosts.js';
import { type KernelWork, readKernelWork } from './kernel-work.js';
import { type KernelProfile, kernelProfile, type ProfileName } from './kernels.js';
import { Ksm } from './ksm.js';
import {
  type CounterName,
  type GuestCounterName,
  KSM_STAT_ANSWER_NAMES,
  type KsmStatAnswer,
} from './records/counter-records.js';
import {
  initTunables,
  readTunable,
  setTunable,
  type TunableValue,
  tunableName,
  tunableNames,
} from './tunables.js';

export interface HostOptions extends MachineSize {
  readonly kernel?: ProfileName;
  /**
   * Mappings that each guest has besides its regions, which khugepaged steps over: program,
   * libraries, stack. Default 0.
   */
  readonly otherMappings?: number;
}

export interface RegionInfo {
  readonly name: string;
  /** Bytes. */
  readonly address: number;
  readonly pages: number;
  /** Advised to huge pages. */
  readonly huge: boolean;
  /** The NUMA node that its memory comes from; absent: its guest's. */
  readonly node?: number;
}

export interface MapOptions {
  /** Bytes. */
  readonly address?: number | undefined;
  /** Default true. */
  readonly mergeable?: boolean | undefined;
  /** Advised to huge pages. Default false. */
  readonly huge?: boolean | undefined;
  /** The NUMA node that its memory comes from. Default: its guest's. */
  readonly node?: number | undefined;
}

interface GuestEntry {
  /** No other guest ever has it. */
  readonly id: number;
  readonly pointer: number;
  /** Region pointers. */
  readonly regions: Map<string, number>;
}

export class Host {
  private readonly guests = new Map<string, GuestEntry>();
  readonly khugepaged: Khugepaged;
  private nextGuestId = 1;
  /** Which key the fingerprints stored last were made with. */
  private lastKeyId: string | undefined;

  private constructor(
    readonly machine: Machine,
    readonly ksm: Ksm,
    private readonly assertAlone: () => void,
    otherMappings: number,
    /** A sample of one page in so many is held: 1 of all. */
    readonly oneIn: number,
  ) {
    this.khugepaged = new Khugepaged(machine, otherMappings);
  }

  /**
   * A new host without guests. `assertAlone` throws unless this thread has the machine to itself;
   * without one, nothing else must scan, ever.
   */
  static create(options: HostOptions, clock: Clock, assertAlone = (): void => {}): Host {
    const profile = kernelProfile(options.kernel ?? DEFAULT_KERNEL);
    const machine = Machine.create(options, HOLDER_API);
    initTunables(machine.memory.i32, profile);
    return new Host(
      machine,
      new Ksm(machine, profile, clock),
      assertAlone,
      options.otherMappings ?? 0,
      options.oneIn ?? 1,
    );
  }

  get profile(): KernelProfile {
    return this.ksm.profile;
  }

  // Guests and regions.

  createGuest(name: string, node = 0): void {
    if (this.guests.has(name)) throw new KsmdError('EEXIST', `guest '${name}' exists already`);
    this.assertAlone();
    const pointer = this.machine.guests.create(node);
    this.guests.set(name, { id: this.nextGuestId++, pointer, regions: new Map() });
  }

  /**
   * The guest forks: `child` has its regions and advice, and all its pages, shared copy-on-write.
   * EEXIST if there is such a guest, ENOSPC when a table is full.
   */
  fork(name: string, child: string): void {
    finish(this.forkInSlices(name, child));
  }

  *forkInSlices(name: string, child: string): LongWork {
    const { machine, ksm } = this;
    const parent = this.guest(name);
    this.createGuest(child, this.guestNode(name));
    const { pointer, regions } = this.guest(child);
    try {
      for (const [region, from] of parent.regions) {
        regions.set(region, yield* forkRegion(machine, from, pointer));
        machine.regions.changed();
      }
    } catch (error) {
      yield* this.exitGuestInSlices(child);
      throw error;
    }
    if (ksm.list.has(parent.pointer)) ksm.list.enter(pointer);
    const { i32, core } = machine.memory;
    i32[pointer + GUEST_MERGE_ANY] = i32[parent.pointer + GUEST_MERGE_ANY];
    if (i32[parent.pointer + GUEST_KHUGEPAGED] !== 0) core.enterKhugepaged(pointer);
    if (!this.profile.forkInheritsCounts) return;
    const told = this.guestCounters(name);
    i32[pointer + GUEST_INHERITED_ITEMS] = told.ksm_rmap_items ?? 0;
    i32[pointer + GUEST_INHERITED_MERGING] = told.ksm_merging_pages ?? 0;
  }

  /** The guest exits: its memory is given back at once, its rmap items when the scanner passes. */
  exitGuest(name: string): void {
    finish(this.exitGuestInSlices(name));
  }

  *exitGuestInSlices(name: string): LongWork {
    const guest = this.guest(name);
    this.assertAlone();
    this.guests.delete(name);
    yield* this.dropAddressSpace(guest);
  }

  /**
   * The guest becomes another program: all that it has mapped is gone, and with it what was
   * advised. That it merges any stays, and where its memory comes from. ENOSPC when the table of
   * guests is full: what goes may have to wait for the scanner.
   */
  exec(name: string): void {
    finish(this.execInSlices(name));
  }

  *execInSlices(name: string): LongWork {
    const { machine, ksm } = this;
    const { i32 } = machine.memory;
    const before = this.guest(name);
    this.assertAlone();
    const pointer = machine.guests.create(i32[before.pointer + GUEST_NUMA_NODE]);
    if (mergesAny(ksm, before.pointer)) {
      i32[pointer + GUEST_MERGE_ANY] = 1;
      ksm.list.enter(pointer);
    }
    this.guests.set(name, { id: before.id, pointer, regions: new Map() });
    yield* this.dropAddressSpace(before);
  }

  private *dropAddressSpace({ pointer, regions }: GuestEntry): LongWork {
    const done = this.ksm.exit(pointer);
    for (const region of regions.values()) yield* this.machine.unmap(region);
    if (done) this.machine.guests.free(pointer);
    else this.machine.memory.i32[pointer + GUEST_STATE] = GUEST_EXITING;
  }

  /**
   * Maps `pages` untouched pages at `address` (bytes), or where there is room, and advises them
   * mergeable unless told not to. Those of a guest that merges any are mergeable.
   */
  map(guestName: string, regionName: string, pages: number, options: MapOptions = {}): RegionInfo {
    return finish(this.mapInSlices(guestName, regionName, pages, options));
  }

  *mapInSlices(
    guestName: string,
    regionName: string,
    pages: number,
    options: MapOptions = {},
  ): LongWork<RegionInfo> {
    const guest = this.guest(guestName);
    if (guest.regions.has(regionName))
      throw new KsmdError('EEXIST', `guest '${guestName}' has a region '${regionName}' already`);
    this.assertAlone();
    const { node } = options;
    if (node !== undefined) assertNumaNode(node);
    if (options.huge === true && this.oneIn > 1)
      throw new KsmdError('EINVAL', 'a sample has no huge pages: it has single pages of them');
    const region = yield* this.machine.map(
      guest.pointer,
      pages,
      options.address,
      options.huge ?? false,
    );
    if (node !== undefined) this.machine.memory.i32[region + REGION_NUMA_NODE] = node + 1;
    try {
      adoptItems(this.machine, guest.pointer, region);
    } catch (error) {
      // No room to split a ghost: what the region has of its items stays behind as a ghost again.
      yield* this.machine.unmap(region);
      throw error;
    }
    if ((options.mergeable ?? true) || mergesAny(this.ksm, guest.pointer))
      yield* advisePages(this.ksm, guest.pointer, region, 0, pages, 'mergeable');
    guest.regions.set(regionName, region);
    // It was in the machine for some slices already, and had no name.
    this.machine.regions.changed();
    return this.describe(regionName, region);
  }

  unmap(guestName: string, regionName: string): void {
    finish(this.unmapInSlices(guestName, regionName));
  }

  *unmapInSlices(guestName: string, regionName: string): LongWork {
    const region = this.region(guestName, regionName);
    this.assertAlone();
    this.guest(guestName).regions.delete(regionName);
    yield* this.machine.unmap(region);
  }

  /**
   * Advises the pages of `length` bytes at `address`. All must be mapped; ENOMEM if
   * unmerging finds too few frames.
   */
  madvise(guestName: string, address: number, length: number, advice: Advice): void {
    finish(this.madviseInSlices(guestName, address, length, advice));
  }

  *madviseInSlices(guestName: string, address: number, length: number, advice: Advice): LongWork {
    const { pointer } = this.guest(guestName);
    const { machine, ksm } = this;
    const { pageSize } = machine;
    if (address % pageSize !== 0 || length % pageSize !== 0) {
      throw new KsmdError(
        'EINVAL',
        `madvise takes whole pages: address and length must be multiples of ${pageSize}`,
      );
    }
    machine.assertMapped(pointer, address, length);
    this.assertAlone();
    const parts = this.partsOf(pointer, address / pageSize, (address + length) / pageSize);
    // What may fail comes first, for all regions.
    if (advice === 'unmergeable')
      for (const { region, first, count } of parts) yield* unsharePages(ksm, region, first, count);
    for (const { region, first, count } of parts) {
      if (advice === 'collapse') yield* collapseRange(machine, region, first, count);
      else yield* advisePages(ksm, pointer, region, first, count, advice);
    }
  }

  /**
   * prctl(PR_SET_MEMORY_MERGE): all that the guest has and will map is mergeable, or nothing is.
   * EINVAL where the kernel does not know it; ENOMEM if unmerging finds too few frames.
   */
  prctl(guestName: string, merge: boolean): void {
    finish(this.prctlInSlices(guestName, merge));
  }

  *prctlInSlices(guestName: string, merge: boolean): LongWork {
    const { pointer } = this.guest(guestName);
    const { name, prctlMerge } = this.profile;
    if (!prctlMerge)
      throw new KsmdError('EINVAL', `Linux ${name} has no PR_SET_MEMORY_MERGE: 6.4 is the first`);
    this.assertAlone();
    yield* setMergesAny(this.ksm, pointer, merge);
  }

  /** What prctl has set. */
  mergesAny(guestName: string): boolean {
    return mergesAny(this.ksm, this.guest(guestName).pointer);
  }

  /** All further frames of the guest come from this NUMA node, where regions say nothing else. */
  bind(guestName: string, node: number): void {
    assertNumaNode(node);
    this.machine.memory.i32[this.guest(guestName).pointer + GUEST_NUMA_NODE] = node;
  }

  hasGuest(name: string): boolean {
    return this.guests.has(name);
  }

  guestNames(): string[] {
    return [...this.guests.keys()];
  }

  /** A guest's regions in order of address. */
  regionsOf(guestName: string): RegionInfo[] {
    return [...this.guest(guestName).regions]
      .map(([name, region]) => this.describe(name, region))
      .sort((a, b) => a.address - b.address);
  }

  findRegion(guestName: string, regionName: string): RegionInfo {
    return this.describe(regionName, this.region(guestName, regionName));
  }

  /** The region's first slot in the machine, good until it is unmapped. */
  firstSlot(guestName: string, regionName: string): number {
    const region = this.region(guestName, regionName);
    return this.machine.regions.slot(region, this.machine.regions.vpn(region));
  }

  /** A number that only this guest has, whoever has its name later. */
  guestId(guestName: string): number {
    return this.guest(guestName).id;
  }

  /** The guest's pointer in the machine, good until it exits. */
  guestPointer(guestName: string): number {
    return this.guest(guestName).pointer;
  }

  guestNode(guestName: string): number {
    return this.machine.memory.i32[this.guest(guestName).pointer + GUEST_NUMA_NODE];
  }

  /** Pages of a guest that have a frame, its own or shared. */
  presentPages(guestName: string): number {
    return Atomics.load(
      this.machine.memory.i32,
      this.guest(guestName).pointer + GUEST_PRESENT_PAGES,
    );
  }

  /** One pass of khugepaged, over about so many pages. */
  passKhugepaged(pages: number): void {
    finish(this.khugepaged.pass(pages));
  }

  /** Huge pages that a guest has. */
  hugePages(guestName: string): number {
    return this.machine.stretches.hugePages(this.guest(guestName).pointer);
  }

  /** Pages that there is a slot for, ghosts included. */
  slotsInUse(): number {
    return Atomics.load(this.machine.memory.i32, CTL_SLOTS_USED);
  }

  // Memory.

  /** Copies what the guest has at `address` into `target`. */
  load(guestName: string, address: number, target: Uint8Array): void {
    this.machine.load(this.guest(guestName).pointer, address, target);
  }

  /**
   * Stores `source` at `address`. ENOMEM says how many bytes were stored before frames
   * ran out.
   */
  store(guestName: string, address: number, source: Uint8Array): void {
    this.machine.storeLong(this.guest(guestName).pointer, address, source);
  }

  /**
   * Stores what frames are to hold of whole pages from `address` on, `frameBytes` a page: the pages
   * themselves, or their fingerprints. ENOMEM says how many bytes of it were stored.
   */
  storePages(guestName: string, address: number, contents: Uint8Array): void {
    this.machine.storePages(this.guest(guestName).pointer, address, contents);
  }

  /** Copies what frames hold of the page at `address` into `target`, `frameBytes`. EFAULT. */
  loadPage(guestName: string, address: number, target: Uint8Array): void {
    this.machine.loadPage(this.guest(guestName).pointer, address, target);
  }

  /** So many pages from `address` on are untouched again. Not where there are huge pages. */
  forgetPages(guestName: string, address: number, pages: number): void {
    const { machine } = this;
    const vpn = address / machine.pageSize;
    for (const { region, first, count } of this.partsOf(
      this.guest(guestName).pointer,
      vpn,
      vpn + pages,
    ))
      finish(machine.dropPages(region, first, count));
  }

  /** Frames hold fingerprints of pages. */
  get holdsFingerprints(): boolean {
    return this.machine.holdsFingerprints;
  }

  /** ENOTSUP where they do. */
  assertHoldsBytes(): void {
    this.machine.assertHoldsBytes();
  }

  /** Which key the fingerprints that it holds are made with; undefined while it holds none. */
  get keyId(): string | undefined {
    return this.machine.frames.used > 0 ? this.lastKeyId : undefined;
  }

  /**
   * From here on its fingerprints are of the key of that id. ENOTSUP where frames hold pages
   * themselves; EINVAL where they hold fingerprints of another key: none would be equal.
   */
  useKey(id: string): void {
    if (!this.holdsFingerprints)
      throw new KsmdError(
        'ENOTSUP',
        'this host holds the bytes of pages: fingerprints are for a daemon with --fingerprints',
      );
    const { keyId = id } = this;
    if (keyId !== id)
      throw new KsmdError(
        'EINVAL',
        `the pages here are known by the key ${keyId}, and these by ${id}, so none would be ` +
          'equal: register takes the file of the first with --key',
      );
    this.lastKeyId = id;
  }

  /** EFAULT unless the guest's regions map all of the range. */
  assertMapped(guestName: string, address: number, length: number): void {
    this.machine.assertMapped(this.guest(guestName).pointer, address, length);
  }

  // What sysfs and procfs show.

  counters(): Partial<Record<CounterName, number>> {
    return Object.fromEntries(
      this.profile.counters.map((name) => [name, readCounter(this.machine.memory, name)]),
    );
  }

  tunables(): Record<string, TunableValue> {
    return Object.fromEntries(
      tunableNames(this.profile).map((name) => [name, readTunable(this.machine.memory, name)]),
    );
  }

  /** khugepaged's tunables and counters. */
  khugepagedFiles(): Record<KhugepagedTunable | KhugepagedCounter, number> {
    const { tunables, counters } = this.khugepaged;
    return { ...tunables, ...counters };
  }

  /** Lines of the guest's ksm_stat. */
  guestCounters(guestName: string): Partial<Record<GuestCounterName, number>> {
    const { pointer } = this.guest(guestName);
    return Object.fromEntries(
      this.profile.guestCounters.map((name) => [
        name,
        readGuestCounter(this.machine.memory, pointer, name),
      ]),
    );
  }

  /** What the guest's ksm_stat says yes or no to. */
  guestAnswers(guestName: string): Partial<Record<KsmStatAnswer, 'yes' | 'no'>> {
    const { pointer } = this.guest(guestName);
    const answers = {
      ksm_merge_any: mergesAny(this.ksm, pointer),
      ksm_mergeable: this.machine.regions.hasMergeable(pointer),
    };
    return Object.fromEntries(
      KSM_STAT_ANSWER_NAMES.filter((name) => this.profile.ksmStat.includes(name)).map((name) => [
        name,
        answers[name] ? 'yes' : 'no',
      ]),
    );
  }

  /** What a kernel of the profile may not show. */
  totals(): Totals {
    return readTotals(this.machine.memory);
  }

  /** What a kernel would have done, and its time goes into. */
  kernelWork(): KernelWork {
    return readKernelWork(this.machine.memory);
  }

  guestTotals(guestName: string): GuestTotals {
    return readGuestTotals(this.machine.memory, this.guest(guestName).pointer);
  }

  /**
   * Writes a tunable. In the daemon this is the scanner's to do, but for `khugepaged/…`, which is
   * whoever's who calls khugepaged.
   */
  set(name: string, value: TunableValue): void {
    if (name.startsWith(KHUGEPAGED)) {
      const [tunable, number] = checkedKhugepagedTunable(name.slice(KHUGEPAGED.length), value);
      this.khugepaged.tunables[tunable] = number;
      return;
    }
    setTunable(this.ksm, tunableName(this.profile, name), value);
  }

  private guest(name: string): GuestEntry {
    const guest = this.guests.get(name);
    if (guest !== undefined) return guest;
    throw new KsmdError('ENOENT', `no guest '${name}'${didYouMean(name, [...this.guests.keys()])}`);
  }

  private region(guestName: string, regionName: string): number {
    const { regions } = this.guest(guestName);
    const region = regions.get(regionName);
    if (region !== undefined) return region;
    throw new KsmdError(
      'ENOENT',
      `guest '${guestName}' has no region '${regionName}'` +
        didYouMean(regionName, [...regions.keys()]),
    );
  }

  private describe(name: string, region: number): RegionInfo {
    const { memory, regions, pageSize } = this.machine;
    const node = memory.i32[region + REGION_NUMA_NODE];
    return {
      name,
      address: regions.vpn(region) * pageSize,
      pages: regions.pages(region),
      huge: memory.i32[region + REGION_HUGE] !== 0,
      ...(node === 0 ? {} : { node: node - 1 }),
    };
  }

  /** What of each region lies between two virtual page numbers, all of which are mapped. */
  private partsOf(
    guest: number,
    vpn: number,
    endVpn: number,
  ): { region: number; first: number; count: number }[] {
    const { regions } = this.machine;
    const parts: { region: number; first: number; count: number }[] = [];
    for (let at = vpn; at < endVpn; ) {
      const region = regions.at(guest, at);
      const first = at - regions.vpn(region);
      const count = Math.min(regions.pages(region) - first, endVpn - at);
      parts.push({ region, first, count });
      at += count;
    }
    return parts;
  }
}
