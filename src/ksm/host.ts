/**
 * A host: a machine with KSM on it, and the calls by which guests and regions come, change and go
 * (mmap, munmap, madvise, prctl, fork, exec, exit). Who there is by name, what they hold, and what
 * is shown of it all are parts of it: `guests`, `memory`, `files`.
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
  GUEST_STATE,
  REGION_NUMA_NODE,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { Khugepaged } from '../khugepaged/khugepaged.js';
import { collapseRange } from '../machine/collapse.js';
import { forkRegion, nextFork } from '../machine/fork.js';
import type { MachineSize } from '../machine/geometry.js';
import { assertNumaNode } from '../machine/guests.js';
import { finish, type LongWork } from '../machine/long-work.js';
import { Machine } from '../machine/machine.js';
import { HOLDER_API } from '../machine/pte.js';
import { regionParts } from '../machine/region-parts.js';
import { type Advice, DEFAULT_KERNEL } from '../names.js';
import { advisePages, mergesAny, setMergesAny, unsharePages } from './advice.js';
import type { Clock } from './clock.js';
import { adoptItems } from './ghosts.js';
import { GuestMemory } from './guest-memory.js';
import { HostFiles } from './host-files.js';
import { type KernelProfile, kernelProfile, type ProfileName } from './kernels.js';
import { Ksm } from './ksm.js';
import { type GuestEntry, NamedGuests, type RegionInfo } from './named-guests.js';
import { initTunables } from './tunables.js';

export interface HostOptions extends MachineSize {
  readonly kernel?: ProfileName;
  /**
   * Mappings that each guest has besides its regions, which khugepaged steps over: program,
   * libraries, stack. Default 0.
   */
  readonly otherMappings?: number;
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

export interface WantedRegion extends MapOptions {
  readonly name: string;
  readonly pages: number;
}

export class Host {
  readonly guests: NamedGuests;
  readonly memory: GuestMemory;
  readonly files: HostFiles;
  readonly khugepaged: Khugepaged;

  private constructor(
    readonly machine: Machine,
    readonly ksm: Ksm,
    private readonly assertAlone: () => void,
    otherMappings: number,
    /** A sample of one page in so many is held: 1 of all. */
    readonly oneIn: number,
  ) {
    this.guests = new NamedGuests(machine);
    this.memory = new GuestMemory(machine, this.guests);
    this.khugepaged = new Khugepaged(machine, otherMappings);
    this.files = new HostFiles(ksm, this.guests, this.khugepaged);
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

  createGuest(name: string, node = 0): void {
    this.guests.assertFree(name);
    this.assertAlone();
    this.guests.add(name, this.machine.guests.create(node));
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
    const parent = this.guests.guest(name);
    this.createGuest(child, this.guests.node(name));
    const { pointer, regions } = this.guests.guest(child);
    const fork = nextFork(machine);
    try {
      for (const [region, from] of parent.regions) {
        regions.set(region, yield* forkRegion(machine, from, pointer, fork));
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
    const told = this.files.guestCounters(name);
    i32[pointer + GUEST_INHERITED_ITEMS] = told.ksm_rmap_items ?? 0;
    i32[pointer + GUEST_INHERITED_MERGING] = told.ksm_merging_pages ?? 0;
  }

  /** The guest exits: its memory is given back at once, its rmap items when the scanner passes. */
  exitGuest(name: string): void {
    finish(this.exitGuestInSlices(name));
  }

  *exitGuestInSlices(name: string): LongWork {
    const guest = this.guests.guest(name);
    this.assertAlone();
    this.guests.remove(name);
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
    const before = this.guests.guest(name);
    this.assertAlone();
    const pointer = machine.guests.create(i32[before.pointer + GUEST_NUMA_NODE]);
    if (mergesAny(ksm, before.pointer)) {
      i32[pointer + GUEST_MERGE_ANY] = 1;
      ksm.list.enter(pointer);
    }
    this.guests.replace(name, pointer);
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
    yield* this.mapAllInSlices(guestName, [{ name: regionName, pages, ...options }]);
    return this.guests.regionOf(guestName, regionName);
  }

  /** As many, one after the other: all are mapped, or none is. */
  *mapAllInSlices(guestName: string, wanted: readonly WantedRegion[]): LongWork {
    const guest = this.guests.guest(guestName);
    const names = new Set<string>();
    for (const { name } of wanted) {
      if (guest.regions.has(name) || names.has(name))
        throw new KsmdError('EEXIST', `guest '${guestName}' has a region '${name}' already`);
      names.add(name);
    }
    this.assertAlone();
    const made = new Map<string, number>();
    try {
      for (const { name, pages, ...options } of wanted)
        made.set(name, yield* this.mapOne(guest.pointer, pages, options));
    } catch (error) {
      for (const region of made.values()) yield* this.machine.unmap(region);
      throw error;
    }
    for (const [name, region] of made) guest.regions.set(name, region);
    // They were in the machine for some slices already, and had no names.
    this.machine.regions.changed();
  }

  private *mapOne(guest: number, pages: number, options: MapOptions): LongWork<number> {
    const { node } = options;
    if (node !== undefined) assertNumaNode(node);
    if (options.huge === true && this.oneIn > 1)
      throw new KsmdError('EINVAL', 'a sample has no huge pages: it has single pages of them');
    const region = yield* this.machine.map(guest, pages, options.address, options.huge ?? false);
    if (node !== undefined) this.machine.memory.i32[region + REGION_NUMA_NODE] = node + 1;
    try {
      adoptItems(this.machine, guest, region);
    } catch (error) {
      // No room to split a ghost: what the region has of its items stays behind as a ghost again.
      yield* this.machine.unmap(region);
      throw error;
    }
    if ((options.mergeable ?? true) || mergesAny(this.ksm, guest))
      yield* advisePages(this.ksm, guest, region, 0, pages, 'mergeable');
    return region;
  }

  unmap(guestName: string, regionName: string): void {
    finish(this.unmapInSlices(guestName, regionName));
  }

  *unmapInSlices(guestName: string, regionName: string): LongWork {
    const region = this.guests.region(guestName, regionName);
    this.assertAlone();
    this.guests.guest(guestName).regions.delete(regionName);
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
    const { pointer } = this.guests.guest(guestName);
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
    const parts = regionParts(
      machine.regions,
      pointer,
      address / pageSize,
      (address + length) / pageSize,
    );
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
    const { pointer } = this.guests.guest(guestName);
    const { name, prctlMerge } = this.profile;
    if (!prctlMerge)
      throw new KsmdError('EINVAL', `Linux ${name} has no PR_SET_MEMORY_MERGE: 6.4 is the first`);
    this.assertAlone();
    yield* setMergesAny(this.ksm, pointer, merge);
  }

  /** What prctl has set. */
  mergesAny(guestName: string): boolean {
    return mergesAny(this.ksm, this.guests.pointer(guestName));
  }

  /** All further frames of the guest come from this NUMA node, where regions say nothing else. */
  bind(guestName: string, node: number): void {
    assertNumaNode(node);
    this.machine.memory.i32[this.guests.pointer(guestName) + GUEST_NUMA_NODE] = node;
  }

  /** One pass of khugepaged, over about so many pages. */
  passKhugepaged(pages: number): void {
    finish(this.khugepaged.pass(pages));
  }

  /** Pages that there is a slot for, ghosts included. */
  slotsInUse(): number {
    return Atomics.load(this.machine.memory.i32, CTL_SLOTS_USED);
  }
}
