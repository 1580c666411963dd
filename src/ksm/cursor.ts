/**
 * The cursor: goes over all mergeable pages of all guests, in order of address, and yields those that are due a visit.
 *
 * Passing over a page it makes or drops the page's rmap item, and takes smart scan's skips. A full scan starts at the head of the guest list and ends
 * there. Its place is in shared memory, so whoever parks the scanner can change guests and regions around it; the region remembered here is only
 * a short cut, dropped when regions change. Scanner only.
 */
import {
  CTL_POPULATION_TABLE,
  CTL_REGIONS_EPOCH,
  CTL_SEQNR,
  CTL_SMART_SCAN,
  GUEST_EXITING,
  GUEST_STATE,
  POPULATION_SHIFT,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  REGION_MERGEABLE,
  REGION_RMAP_ITEMS,
  RMAP_FLAGS,
  RMAP_IN_USE,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';
import type { Advisor } from './advisor.js';
import type { MmList } from './mm-list.js';
import type { RmapItems } from './rmap-items.js';
import { ageAndSkip } from './smart-scan.js';
import type { UnstableTree } from './unstable-tree.js';

const SCANNED = PTE_PRESENT | PTE_MERGEABLE;
const GROUP_MASK = (1 << POPULATION_SHIFT) - 1;

export class Cursor {
  private readonly i32: Int32Array;
  /** Pages passed by the last call of `next` that count as scanned. */
  passed = 0;
  private limit = 0;
  private region = 0;
  private regionsEpoch = -1;

  constructor(
    private readonly machine: Machine,
    private readonly list: MmList,
    private readonly items: RmapItems,
    private readonly unstable: UnstableTree,
    private readonly advisor: Advisor,
  ) {
    this.i32 = machine.memory.i32;
  }

  /**
   * The slot of the next page due a visit; 0 at the end of a full scan (which ends the batch), if there is nothing to scan, or if `limit` pages were passed
   * before. `passed` says how many pages were on the way whose visit finds nothing to do: they count as scanned.
   */
  next(limit: number): number {
    const { list } = this;
    this.passed = 0;
    this.limit = limit;
    if (list.isEmpty) return 0;
    if (list.cursor === list.head) {
      this.advisor.scanStarts();
      this.unstable.reset();
      this.stepTo(list.next(list.head));
    }
    while (list.cursor !== list.head) {
      const slot = this.nextOfGuest(list.cursor);
      if (slot !== 0 || this.passed === limit) return slot;
      this.leaveGuest(list.cursor);
    }
    this.advisor.scanEnds();
    this.i32[CTL_SEQNR]++;
    return 0;
  }

  /** Lets go of all rmap items of a guest, and of its ghosts. */
  dropItems(guest: number): void {
    const { regions } = this.machine;
    for (let region = regions.first(guest); region !== 0; ) {
      const next = regions.next(region);
      this.walk(region, 0, true);
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

  private nextOfGuest(guest: number): number {
    const { i32, list } = this;
    const { regions } = this.machine;
    if (i32[guest + GUEST_STATE] === GUEST_EXITING) {
      this.dropItems(guest);
      list.cursorVpn = 0;
      return 0;
    }
    if (this.regionsEpoch !== i32[CTL_REGIONS_EPOCH]) {
      this.regionsEpoch = i32[CTL_REGIONS_EPOCH];
      this.region = regions.endingAbove(guest, list.cursorVpn);
    }
    while (this.region !== 0) {
      const region = this.region;
      const next = regions.next(region);
      const start = regions.vpn(region);
      const mergeable = i32[region + REGION_MERGEABLE] > 0;
      if (mergeable && list.cursorVpn < start) list.cursorVpn = start;
      if (mergeable || regions.isGhost(region) || i32[region + REGION_RMAP_ITEMS] !== 0) {
        const slot = this.walk(region, Math.max(0, list.cursorVpn - start), false);
        if (slot !== 0 || this.passed === this.limit) return slot;
        if (mergeable) list.cursorVpn = start + regions.pages(region);
      }
      this.region = next;
    }
    return 0;
  }

  /**
   * Goes over a region from page `from` on. Stops at the first page due a visit and returns its slot, the cursor standing after it, or 0 where the limit
   * is reached; with `drop` lets go of all rmap items instead. A ghost left without items is dropped.
   */
  private walk(region: number, from: number, drop: boolean): number {
    const { i32, items } = this;
    const { regions, memory } = this.machine;
    const start = regions.vpn(region);
    const first = regions.slot(region, start);
    const end = first + regions.pages(region) * SLOT_WORDS;
    const population = i32[CTL_POPULATION_TABLE];
    for (let slot = first + from * SLOT_WORDS; slot < end; slot += SLOT_WORDS) {
      const index = (slot - memory.slotTable) / SLOT_WORDS;
      // Plain reads of what guests change meanwhile: a visit looks again under the lock, and what comes too late is met at the next full scan.
      if ((index & GROUP_MASK) === 0 && i32[population + (index >> POPULATION_SHIFT)] === 0) {
        slot += GROUP_MASK * SLOT_WORDS;
        continue;
      }
      if (!drop && (i32[slot + PTE_STATE] & SCANNED) === SCANNED) {
        const settled = memory.core.settledRun(slot, Math.min(this.limit - this.passed, (end - slot) / SLOT_WORDS));
        if (settled !== 0) {
          this.passed += settled;
          slot += (settled - 1) * SLOT_WORDS;
          if (this.passed === this.limit) {
            this.list.cursorVpn = start + (slot - first) / SLOT_WORDS + 1;
            return 0;
          }
          continue;
        }
        if ((i32[slot + RMAP_FLAGS] & RMAP_IN_USE) === 0) items.create(slot);
        if (!this.skips(slot)) {
          this.list.cursorVpn = start + (slot - first) / SLOT_WORDS + 1;
          return slot;
        }
        items.detach(slot);
      } else if ((i32[slot + RMAP_FLAGS] & RMAP_IN_USE) !== 0) items.destroy(slot);
    }
    if (regions.isGhost(region) && i32[region + REGION_RMAP_ITEMS] === 0) {
      regions.destroy(region);
      this.regionsEpoch = i32[CTL_REGIONS_EPOCH];
    }
    return 0;
  }

  /** Smart scan's say. KSM pages are always visited. */
  private skips(slot: number): boolean {
    const { i32 } = this;
    return i32[CTL_SMART_SCAN] !== 0 && this.machine.frames.stableNode(i32[slot + PTE_FRAME]) === 0 && ageAndSkip(i32, slot);
  }
}
