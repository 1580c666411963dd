/**
 * khugepaged, pass by pass: goes over the stretches of all guests that have met a huge page, and
 * makes huge pages of those that are mapped page by page. So it undoes what KSM's splits do, and
 * KSM splits again, in a circle for as long as both run. Linux: mm/khugepaged.c.
 *
 * A pass looks at `pages_to_scan` pages and goes on where the last one ended. Reads no clock: when
 * a pass is due is for others to say. Whoever calls has the machine to itself. Everything is taken
 * for recently used: the kernel passes over a stretch none of whose pages is.
 */
import {
  CTL_KHUGEPAGED_GUESTS,
  GUEST_KHUGEPAGED,
  HUGE_TOUCHED,
  REGION_HUGE,
  REGION_SLOT,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import { collapse } from '../machine/collapse.js';
import type { LongWork } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { hasRoomForHuge, stretchDown, stretchUp, type Vma, vmasOf } from '../machine/vmas.js';
import { LruBatch } from './lru-batch.js';
import { judge } from './stretch.js';
import { initialTunables, type KhugepagedCounter, type KhugepagedTunables } from './tunables.js';

/** Where the next pass goes on: a guest, by its place in the list, and a virtual page of it. */
interface Place {
  readonly entry: number;
  readonly vpn: number;
}

export class Khugepaged {
  readonly tunables: KhugepagedTunables = initialTunables();
  private cursor: Place | undefined;
  private readonly batch = new LruBatch();
  private pagesCollapsed = 0;
  private fullScans = 0;

  constructor(
    private readonly machine: Machine,
    /** Mappings of each guest that are no regions, above all regions; each is stepped over. */
    private readonly otherMappings = 0,
  ) {}

  /** Since the start. */
  get counters(): Readonly<Record<KhugepagedCounter, number>> {
    return { pages_collapsed: this.pagesCollapsed, full_scans: this.fullScans };
  }

  /** Whether there is a guest to go over. */
  get hasWork(): boolean {
    return this.after(0) !== undefined;
  }

  /** One pass, over at most about `pages` pages. Linux: khugepaged_do_scan. */
  *pass(pages = this.tunables.pages_to_scan): LongWork {
    this.batch.drain();
    let heads = 0;
    for (let progress = 0; progress < pages; ) {
      if (this.cursor === undefined && (++heads === 2 || this.after(0) === undefined)) return;
      if (this.after(0) === undefined && !this.isCorpse()) return;
      progress += yield* this.scanGuest(pages - progress);
    }
  }

  /** Goes on with one guest. How far it came. Linux: khugepaged_scan_mm_slot. */
  private *scanGuest(pages: number): LongWork<number> {
    const { machine } = this;
    this.cursor ??= { entry: this.after(0)?.entry ?? 0, vpn: 0 };
    const { entry, vpn } = this.cursor;
    const guest = this.guestAt(entry);
    let progress = 1;
    if (guest !== undefined) {
      for (const { region, vma, base } of this.vmas(guest)) {
        if (base + vma.end <= vpn) continue;
        if (!this.isAble(region, vma)) {
          progress++;
          continue;
        }
        const end = stretchDown(machine, region, vma.end);
        if (vpn > base + end) {
          progress++;
          continue;
        }
        let page = Math.max(vpn - base, stretchUp(machine, region, vma.first));
        while (page < end) {
          const tookOne = this.look(region, page);
          page += STRETCH_PAGES;
          progress += STRETCH_PAGES;
          this.cursor = { entry, vpn: base + page };
          if (tookOne || progress >= pages) return progress;
          yield;
        }
        this.cursor = { entry, vpn: base + Math.max(page, 0) };
      }
      progress += this.otherMappings;
    }
    const next = this.after(entry);
    this.cursor = next === undefined ? undefined : { entry: next.entry, vpn: 0 };
    if (next === undefined) this.fullScans++;
    return progress;
  }

  /** Collapses the stretch at a page of a region, if it may be. Whether a huge page was taken. */
  private look(region: number, page: number): boolean {
    const { machine } = this;
    const start = machine.memory.i32[region + REGION_SLOT] + page * SLOT_WORDS;
    const verdict = judge(machine, start, this.tunables, this.batch);
    if (verdict !== 'collapses') return verdict === 'fails';
    if (!collapse(machine, start)) return false;
    this.pagesCollapsed++;
    return true;
  }

  /** What the kernel would have as vmas, `base` being the virtual page of the region's first. */
  private *vmas(guest: number): Generator<{ region: number; vma: Vma; base: number }, void, void> {
    const { regions } = this.machine;
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (regions.isGhost(region)) continue;
      const base = regions.vpn(region);
      for (const vma of vmasOf(this.machine, region)) yield { region, vma, base };
    }
  }

  private isAble(region: number, vma: Vma): boolean {
    const isTouched = (this.machine.memory.i32[region + REGION_HUGE] & HUGE_TOUCHED) !== 0;
    return isTouched && hasRoomForHuge(this.machine, region, vma);
  }

  private isCorpse(): boolean {
    return this.cursor !== undefined && this.guestAt(this.cursor.entry) === undefined;
  }

  private guestAt(entry: number): number | undefined {
    const { i32 } = this.machine.memory;
    return this.machine.guests.live().find((guest) => i32[guest + GUEST_KHUGEPAGED] === entry);
  }

  /** The guest in the list that comes after `entry`. */
  private after(entry: number): { readonly entry: number } | undefined {
    const { i32 } = this.machine.memory;
    if (i32[CTL_KHUGEPAGED_GUESTS] === 0) return undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const guest of this.machine.guests.live()) {
      const place = i32[guest + GUEST_KHUGEPAGED];
      if (place > entry && place < next) next = place;
    }
    return Number.isFinite(next) ? { entry: next } : undefined;
  }
}
