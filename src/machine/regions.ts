/**
 * Regions: which slots hold the ptes of which addresses of which guest.
 *
 * A guest's regions are a list in order of address; each owns slots in a row. A region that goes
 * while rmap items are left in its slots stays as a *ghost*: nothing is mapped there any more, and
 * its slots are given back once the scanner has passed and let go of the items, as the kernel's own
 * rmap items outlive an munmap. Only the API thread maps and unmaps, while the scanner is parked;
 * the scanner drops ghosts.
 */
import {
  CTL_REGION_TABLE,
  CTL_REGIONS,
  CTL_REGIONS_EPOCH,
  CTL_SLOTS,
  CTL_SLOTS_USED,
  GUEST_FIRST_REGION,
  HUGE_ADVISED,
  REGION_FORKED,
  REGION_GHOST,
  REGION_GUEST,
  REGION_HUGE,
  REGION_KIN,
  REGION_LEAD,
  REGION_MERGEABLE,
  REGION_NEXT,
  REGION_NUMA_NODE,
  REGION_PAGES,
  REGION_RMAP_ITEMS,
  REGION_SLOT,
  REGION_VPN,
  REGION_WORDS,
  RMAP_FLAGS,
  SLOT_REGION,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { type LongWork, PAGES_A_STEP } from './long-work.js';
import type { SharedMemory } from './memory.js';

export class Regions {
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;
  /**
   * The region below the address that was asked for last, good while regions are of that epoch:
   * most are asked for in order of address.
   */
  private readonly last = { epoch: -1, guest: 0, region: 0 };
  /**
   * What is left of the hole that slots were taken from last. Only the API thread takes slots, so
   * it stays one.
   */
  private readonly hole = { slot: 0, end: 0 };

  constructor(private readonly memory: SharedMemory) {
    this.i32 = memory.i32;
    this.f64 = memory.f64;
  }

  vpn(region: number): number {
    return this.f64[(region + REGION_VPN) >> 1];
  }

  pages(region: number): number {
    return this.i32[region + REGION_PAGES];
  }

  isGhost(region: number): boolean {
    return this.i32[region + REGION_MERGEABLE] === REGION_GHOST;
  }

  /** Whether any page of the guest is advised mergeable. */
  hasMergeable(guest: number): boolean {
    let region = this.first(guest);
    while (region !== 0 && (this.isGhost(region) || this.i32[region + REGION_MERGEABLE] === 0))
      region = this.next(region);
    return region !== 0;
  }

  /** The next region of the same guest, by address; 0 if there is none. */
  next(region: number): number {
    return this.i32[region + REGION_NEXT];
  }

  first(guest: number): number {
    return this.i32[guest + GUEST_FIRST_REGION];
  }

  /** The guest's first region, ghost or not, that ends above `vpn`; 0 if there is none. */
  endingAbove(guest: number, vpn: number): number {
    let below = this.knownBelow(guest, vpn);
    let region = below === 0 ? this.first(guest) : below;
    while (region !== 0 && this.vpn(region) + this.pages(region) <= vpn) {
      below = region;
      region = this.next(region);
    }
    if (below !== 0) this.remember(guest, below);
    return region;
  }

  /** One that begins below `vpn`, and none before it ends above; 0 if none is known. */
  private knownBelow(guest: number, vpn: number): number {
    const { epoch, guest: ofGuest, region } = this.last;
    return ofGuest === guest && epoch === this.epoch && this.vpn(region) < vpn ? region : 0;
  }

  private remember(guest: number, region: number): void {
    const { last } = this;
    last.epoch = this.epoch;
    last.guest = guest;
    last.region = region;
  }

  private get epoch(): number {
    return Atomics.load(this.i32, CTL_REGIONS_EPOCH);
  }

  /** The region that maps virtual page `vpn`; 0 if none does. */
  at(guest: number, vpn: number): number {
    for (
      let region = this.endingAbove(guest, vpn);
      region !== 0 && this.vpn(region) <= vpn;
      region = this.next(region)
    ) {
      if (!this.isGhost(region) && vpn < this.vpn(region) + this.pages(region)) return region;
    }
    return 0;
  }

  /** The slot of virtual page `vpn`, which `region` maps. */
  slot(region: number, vpn: number): number {
    return this.i32[region + REGION_SLOT] + (vpn - this.vpn(region)) * SLOT_WORDS;
  }

  /** The first slot after the region's. */
  endSlot(region: number): number {
    return this.i32[region + REGION_SLOT] + this.pages(region) * SLOT_WORDS;
  }

  /** Virtual page number of a slot in use. */
  vpnOf(slot: number): number {
    const region = this.i32[slot + SLOT_REGION];
    return this.vpn(region) + (slot - this.i32[region + REGION_SLOT]) / SLOT_WORDS;
  }

  /**
   * A new region, all of its pages untouched. The range must be free of other regions (ghosts may
   * be there). ENOSPC when a table is full.
   */
  *create(guest: number, vpn: number, pages: number, huge: boolean): LongWork<number> {
    const slot = this.takeSlots(pages);
    const region = this.createEntry(guest, vpn, pages, slot);
    const { i32 } = this;
    i32[region + REGION_HUGE] = huge ? HUGE_ADVISED : 0;
    const end = slot + pages * SLOT_WORDS;
    // Slots are all 0 when new and when given back, so only the region's name has to be written.
    for (let s = slot; s < end; s += SLOT_WORDS) {
      i32[s + SLOT_REGION] = region;
      if ((s - slot) % (PAGES_A_STEP * SLOT_WORDS) === 0) yield;
    }
    i32[CTL_SLOTS_USED] += pages;
    return region;
  }

  /** A fork has copied it, or made it. */
  isForked(region: number): boolean {
    return this.i32[region + REGION_FORKED] !== 0;
  }

  /** Both come of one fork: `region`, in no ring yet, joins that of `other`, maybe itself. */
  joinKin(region: number, other: number): void {
    const { i32 } = this;
    i32[region + REGION_KIN] = i32[other + REGION_KIN];
    i32[other + REGION_KIN] = region;
    i32[region + REGION_FORKED] = 1;
    i32[other + REGION_FORKED] = 1;
  }

  /** All that were one before a fork, from `region` on. */
  *kin(region: number): Generator<number, void, void> {
    let kin = region;
    do {
      yield kin;
      kin = this.i32[kin + REGION_KIN];
    } while (kin !== region);
  }

  /** The region stays for its rmap items alone: nothing is mapped there any more. */
  makeGhost(region: number): void {
    const { i32 } = this;
    let kin = region;
    while (i32[kin + REGION_KIN] !== region) kin = i32[kin + REGION_KIN];
    i32[kin + REGION_KIN] = i32[region + REGION_KIN];
    i32[region + REGION_KIN] = region;
    i32[region + REGION_HUGE] = 0;
    i32[region + REGION_MERGEABLE] = REGION_GHOST;
    this.changed();
  }

  /** Where regions are, or by which names a host has them, is another from now on. */
  changed(): void {
    Atomics.add(this.i32, CTL_REGIONS_EPOCH, 1);
  }

  /** Leaves nothing of a region whose slots are all 0 but for SLOT_REGION. */
  destroy(region: number): void {
    this.unlink(region);
    this.i32[CTL_SLOTS_USED] -= this.pages(region);
    this.clear(region);
  }

  /**
   * Splits a ghost in two at page `at` of it, so that a region may take the place of either part.
   * Returns the second part.
   */
  splitGhost(ghost: number, at: number): number {
    const { i32 } = this;
    const pages = this.pages(ghost);
    const slot = i32[ghost + REGION_SLOT] + at * SLOT_WORDS;
    const second = this.createEntry(
      i32[ghost + REGION_GUEST],
      this.vpn(ghost) + at,
      pages - at,
      slot,
    );
    i32[second + REGION_MERGEABLE] = REGION_GHOST;
    i32[ghost + REGION_PAGES] = at;
    let moved = 0;
    for (let s = slot; s < slot + (pages - at) * SLOT_WORDS; s += SLOT_WORDS) {
      i32[s + SLOT_REGION] = second;
      if (i32[s + RMAP_FLAGS] !== 0) moved++;
    }
    i32[second + REGION_RMAP_ITEMS] = moved;
    i32[ghost + REGION_RMAP_ITEMS] -= moved;
    return second;
  }

  /**
   * Gives back what a thread that died while it destroyed a region left: entries that no guest's
   * list holds.
   */
  reclaim(): void {
    const { i32 } = this;
    const table = i32[CTL_REGION_TABLE];
    i32[CTL_SLOTS_USED] = 0;
    for (
      let region = table;
      region < table + i32[CTL_REGIONS] * REGION_WORDS;
      region += REGION_WORDS
    ) {
      const guest = i32[region + REGION_GUEST];
      if (guest === 0) continue;
      let listed = this.first(guest);
      while (listed !== 0 && listed !== region) listed = this.next(listed);
      if (listed === region) i32[CTL_SLOTS_USED] += this.pages(region);
      else this.clear(region);
    }
  }

  private clear(region: number): void {
    const { i32 } = this;
    const slot = i32[region + REGION_SLOT];
    i32.fill(0, slot, slot + this.pages(region) * SLOT_WORDS);
    i32[region + REGION_GUEST] = 0;
  }

  private createEntry(guest: number, vpn: number, pages: number, slot: number): number {
    const { i32, f64 } = this;
    const table = i32[CTL_REGION_TABLE];
    let region = table;
    const end = table + i32[CTL_REGIONS] * REGION_WORDS;
    while (region < end && i32[region + REGION_GUEST] !== 0) region += REGION_WORDS;
    if (region === end)
      throw new KsmdError(
        'ENOSPC',
        `there are already ${i32[CTL_REGIONS]} regions: unregister one first`,
      );
    f64[(region + REGION_VPN) >> 1] = vpn;
    i32[region + REGION_PAGES] = pages;
    i32[region + REGION_SLOT] = slot;
    i32[region + REGION_GUEST] = guest;
    i32[region + REGION_MERGEABLE] = 0;
    i32[region + REGION_RMAP_ITEMS] = 0;
    i32[region + REGION_HUGE] = 0;
    i32[region + REGION_LEAD] = vpn % STRETCH_PAGES;
    i32[region + REGION_KIN] = region;
    i32[region + REGION_FORKED] = 0;
    i32[region + REGION_NUMA_NODE] = 0;
    const below = this.knownBelow(guest, vpn);
    let link = below === 0 ? guest + GUEST_FIRST_REGION : below + REGION_NEXT;
    while (i32[link] !== 0 && this.vpn(i32[link]) < vpn) link = i32[link] + REGION_NEXT;
    i32[region + REGION_NEXT] = i32[link];
    i32[link] = region;
    this.changed();
    // What was below it is so still.
    if (below !== 0) this.remember(guest, below);
    return region;
  }

  private unlink(region: number): void {
    const { i32 } = this;
    let link = i32[region + REGION_GUEST] + GUEST_FIRST_REGION;
    while (i32[link] !== region) link = i32[link] + REGION_NEXT;
    i32[link] = i32[region + REGION_NEXT];
    this.changed();
  }

  /** `pages` free slots in a row. ENOSPC if there are none. */
  private takeSlots(pages: number): number {
    const { hole } = this;
    if (hole.end - hole.slot < pages * SLOT_WORDS) this.findHole(pages);
    const { slot } = hole;
    hole.slot += pages * SLOT_WORDS;
    return slot;
  }

  /** The first hole that has as many. The region table is the only record of which are taken. */
  private findHole(pages: number): void {
    const { i32, hole } = this;
    const table = i32[CTL_REGION_TABLE];
    const taken: number[] = [];
    for (
      let region = table;
      region < table + i32[CTL_REGIONS] * REGION_WORDS;
      region += REGION_WORDS
    ) {
      if (i32[region + REGION_GUEST] !== 0) taken.push(region);
    }
    taken.sort((a, b) => i32[a + REGION_SLOT] - i32[b + REGION_SLOT]);
    let slot = this.memory.slotTable;
    for (const region of taken) {
      hole.slot = slot;
      hole.end = i32[region + REGION_SLOT];
      if (hole.end - slot >= pages * SLOT_WORDS) return;
      slot = i32[region + REGION_SLOT] + i32[region + REGION_PAGES] * SLOT_WORDS;
    }
    hole.slot = slot;
    hole.end = this.memory.slotTable + i32[CTL_SLOTS] * SLOT_WORDS;
    if (hole.end - slot >= pages * SLOT_WORDS) return;
    throw new KsmdError(
      'ENOSPC',
      `no room for ${pages} more registered pages: at most ${i32[CTL_SLOTS]} in all, ` +
        `${i32[CTL_SLOTS_USED]} taken`,
    );
  }
}
