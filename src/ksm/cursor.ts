/**
 * The cursor: goes over all mergeable pages of all guests, in order of address, region by region;
 * what becomes of each page is the core's (src/core/scan/walk.ts).
 *
 * A full scan starts at the head of the guest list and ends there. Its place is in shared memory,
 * so whoever parks the scanner can change guests and regions around it; the region remembered here
 * is only a short cut, dropped when regions change. Scanner only.
 */
import {
  CTL_REGIONS_EPOCH,
  CTL_SEQNR,
  CTL_WALKED,
  GUEST_EXITING,
  GUEST_STATE,
  REGION_MERGEABLE,
  REGION_RMAP_ITEMS,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';
import type { Advisor } from './advisor.js';
import type { MmList } from './mm-list.js';

/**
 * Pages passed at a time, visited or not: those that smart scan skips are many, and others wait
 * meanwhile.
 */
const PASSED_AT_MOST = 16_384;

export class Cursor {
  private readonly i32: Int32Array;
  private region = 0;
  private regionsEpoch = -1;
  /** The guest scanned last has pages left. */
  private hasMore = false;

  constructor(
    private readonly machine: Machine,
    private readonly list: MmList,
    private readonly advisor: Advisor,
    private readonly pause: () => void,
  ) {
    this.i32 = machine.memory.i32;
  }

  /**
   * Scans up to `limit` pages; fewer if the full scan ends, or if there is nothing to scan. How
   * many. `nowMs` dates the pruning of chains.
   */
  scan(limit: number, nowMs: number): number {
    const { list } = this;
    if (list.isEmpty) return 0;
    if (list.cursor === list.head) {
      this.advisor.scanStarts();
      this.machine.memory.core.unstableReset();
      this.stepTo(list.next(list.head));
    }
    let scanned = 0;
    while (list.cursor !== list.head) {
      scanned += this.scanGuest(list.cursor, limit - scanned, nowMs);
      if (scanned === limit) return scanned;
      if (this.hasMore) this.pause();
      else this.leaveGuest(list.cursor);
    }
    this.advisor.scanEnds();
    this.i32[CTL_SEQNR]++;
    return scanned;
  }

  /** Lets go of all rmap items of a guest, and of its ghosts. */
  dropItems(guest: number): void {
    const { machine } = this;
    const { regions } = machine;
    for (let region = regions.first(guest); region !== 0; ) {
      const next = regions.next(region);
      machine.memory.core.dropItems(
        regions.slot(region, regions.vpn(region)),
        regions.endSlot(region),
      );
      this.dropSpentGhost(region);
      region = next;
    }
    this.regionsEpoch = -1;
  }

  private stepTo(guest: number): void {
    this.list.cursor = guest;
    this.regionsEpoch = -1;
  }

  private leaveGuest(guest: number): void {
    const { list, machine } = this;
    const sawMergeable = list.cursorVpn !== 0;
    this.stepTo(list.next(guest));
    if (sawMergeable) return;
    list.leave(guest);
    if (this.i32[guest + GUEST_STATE] === GUEST_EXITING) machine.guests.free(guest);
  }

  /**
   * Scans up to `limit` pages of a guest; fewer if there are no more, or if many were passed over
   * (`hasMore`). How many.
   */
  private scanGuest(guest: number, limit: number, nowMs: number): number {
    const { i32, list } = this;
    const { regions } = this.machine;
    this.hasMore = false;
    if (i32[guest + GUEST_STATE] === GUEST_EXITING) {
      this.dropItems(guest);
      list.cursorVpn = 0;
      return 0;
    }
    if (this.regionsEpoch !== i32[CTL_REGIONS_EPOCH]) {
      this.regionsEpoch = i32[CTL_REGIONS_EPOCH];
      this.region = regions.endingAbove(guest, list.cursorVpn);
    }
    let scanned = 0;
    while (this.region !== 0) {
      const region = this.region;
      const next = regions.next(region);
      if (i32[region + REGION_MERGEABLE] > 0)
        list.cursorVpn = Math.max(list.cursorVpn, regions.vpn(region));
      if (
        i32[region + REGION_MERGEABLE] > 0 ||
        regions.isGhost(region) ||
        i32[region + REGION_RMAP_ITEMS] !== 0
      ) {
        scanned += this.scanRegion(region, limit - scanned, nowMs);
        if (scanned === limit || this.hasMore) return scanned;
      }
      this.region = next;
    }
    return scanned;
  }

  /**
   * Scans up to `limit` pages of a region, from the cursor's place on, and leaves the cursor after
   * the last one. How many. `hasMore` if it passed as many pages as it may at a time.
   */
  private scanRegion(region: number, limit: number, nowMs: number): number {
    const { i32, list, machine } = this;
    const { regions, memory } = machine;
    const start = regions.vpn(region);
    const first = regions.slot(region, start);
    const from = first + Math.max(0, list.cursorVpn - start) * SLOT_WORDS;
    const end = regions.endSlot(region);
    // Only in a mergeable region does the cursor keep its place.
    const isMergeable = i32[region + REGION_MERGEABLE] > 0;
    const stop = isMergeable ? Math.min(end, from + PASSED_AT_MOST * SLOT_WORDS) : end;
    const scanned = memory.core.walk(from, stop, limit, nowMs);
    if (isMergeable) list.cursorVpn = start + (i32[CTL_WALKED] - first) / SLOT_WORDS;
    if (scanned === limit) return scanned;
    this.hasMore = stop < end;
    if (!this.hasMore) this.dropSpentGhost(region);
    return scanned;
  }

  /** A ghost left without items is dropped. */
  private dropSpentGhost(region: number): void {
    const { regions } = this.machine;
    if (!regions.isGhost(region) || this.i32[region + REGION_RMAP_ITEMS] !== 0) return;
    regions.destroy(region);
    this.regionsEpoch = this.i32[CTL_REGIONS_EPOCH];
  }
}
