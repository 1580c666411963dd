/**
 * Guests and regions by name: where each is in the machine, and what it is. Whoever makes and
 * unmakes them (host.ts) says so here.
 *
 * What is asked of a name that nobody has fails with ENOENT, and with the name that was meant.
 */
import {
  GUEST_NUMA_NODE,
  GUEST_PRESENT_PAGES,
  REGION_HUGE,
  REGION_NUMA_NODE,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import { didYouMean } from '../similar.js';

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

export interface GuestEntry {
  /** No other guest ever has it. */
  readonly id: number;
  readonly pointer: number;
  /** Region pointers. */
  readonly regions: Map<string, number>;
}

export class NamedGuests {
  private readonly entries = new Map<string, GuestEntry>();
  private nextId = 1;

  constructor(private readonly machine: Machine) {}

  /** EEXIST if there is such a guest. */
  assertFree(name: string): void {
    if (this.entries.has(name)) throw new KsmdError('EEXIST', `guest '${name}' exists already`);
  }

  /** A guest that is new in the machine. */
  add(name: string, pointer: number): void {
    this.entries.set(name, { id: this.nextId++, pointer, regions: new Map() });
  }

  /** The guest is another one in the machine from now on, without regions. */
  replace(name: string, pointer: number): void {
    this.entries.set(name, { id: this.guest(name).id, pointer, regions: new Map() });
  }

  remove(name: string): void {
    this.entries.delete(name);
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  /** A guest's regions in order of address. */
  regionsOf(guestName: string): RegionInfo[] {
    return [...this.guest(guestName).regions]
      .map(([name, region]) => this.describe(name, region))
      .sort((a, b) => a.address - b.address);
  }

  regionOf(guestName: string, regionName: string): RegionInfo {
    return this.describe(regionName, this.region(guestName, regionName));
  }

  /** The region's first slot in the machine, good until it is unmapped. */
  firstSlot(guestName: string, regionName: string): number {
    const region = this.region(guestName, regionName);
    return this.machine.regions.slot(region, this.machine.regions.vpn(region));
  }

  /** A number that only this guest has, whoever has its name later. */
  id(guestName: string): number {
    return this.guest(guestName).id;
  }

  /** The guest's pointer in the machine, good until it exits. */
  pointer(guestName: string): number {
    return this.guest(guestName).pointer;
  }

  node(guestName: string): number {
    return this.machine.memory.i32[this.guest(guestName).pointer + GUEST_NUMA_NODE];
  }

  /** Pages of a guest that have a frame, its own or shared. */
  presentPages(guestName: string): number {
    return Atomics.load(
      this.machine.memory.i32,
      this.guest(guestName).pointer + GUEST_PRESENT_PAGES,
    );
  }

  /** Huge pages that a guest has. */
  hugePages(guestName: string): number {
    return this.machine.stretches.hugePages(this.guest(guestName).pointer);
  }

  /** What is known of it, for whoever changes it. */
  guest(name: string): GuestEntry {
    const guest = this.entries.get(name);
    if (guest !== undefined) return guest;
    throw new KsmdError(
      'ENOENT',
      `no guest '${name}'${didYouMean(name, [...this.entries.keys()])}`,
    );
  }

  /** The region's pointer in the machine. */
  region(guestName: string, regionName: string): number {
    const { regions } = this.guest(guestName);
    const region = regions.get(regionName);
    if (region !== undefined) return region;
    throw new KsmdError(
      'ENOENT',
      `guest '${guestName}' has no region '${regionName}'` +
        didYouMean(regionName, [...regions.keys()]),
    );
  }

  describe(name: string, region: number): RegionInfo {
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
}
