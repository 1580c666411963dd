/**
 * Kernel Samepage Merging over a machine: Linux's ksmd, batch by batch. What it does to a page when
 * it visits it is src/core/scan/visit.ts.
 *
 * All of its state is in the machine's shared memory; an object of this class is one thread's hands
 * on it. Reads no clock, socket or file: the same calls give the same counters, always. Scanner
 * only, or the API thread while the scanner is parked.
 */
import {
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_TO_SCAN,
  CTL_RUN,
  CTL_SEQNR,
  CTL_SLEEP_MILLISECS,
  GUEST_EXITING,
  GUEST_RMAP_ITEMS,
  GUEST_STATE,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_STATE,
  REGION_MERGEABLE,
  SLOT_WORDS,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Core } from '../machine/core.js';
import { PAGES_A_STEP } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { Advisor } from './advisor.js';
import type { Clock } from './clock.js';
import { Cursor } from './cursor.js';
import type { KernelProfile } from './kernels.js';
import { MmList } from './mm-list.js';
import { type Activity, nextActivity } from './pace.js';
import { RUN_MERGE } from './run.js';

export class Ksm {
  readonly list: MmList;
  readonly advisor: Advisor;
  private readonly i32: Int32Array;
  private readonly core: Core;
  private readonly cursor: Cursor;

  constructor(
    readonly machine: Machine,
    readonly profile: KernelProfile,
    private readonly clock: Clock,
    /** Called where others may change guests and regions, in the middle of what takes long. */
    private readonly pause = (): void => {},
  ) {
    this.i32 = machine.memory.i32;
    this.core = machine.memory.core;
    this.list = new MmList(machine.memory);
    this.advisor = new Advisor(this.i32, clock);
    this.cursor = new Cursor(machine, this.list, this.advisor, pause);
  }

  /** Whether the scanner has something to do: `run` is 1, and KSM knows a guest. */
  get shouldRun(): boolean {
    return Atomics.load(this.i32, CTL_RUN) === RUN_MERGE && !this.list.isEmpty;
  }

  /** What the scanner does after `before`, at the clock's time and by the tunables of now. */
  next(before: Activity): Activity {
    return nextActivity(before, {
      nowMs: this.clock.nowMs(),
      shouldRun: this.shouldRun,
      pagesToScan: this.i32[CTL_PAGES_TO_SCAN] >>> 0,
      sleepMillisecs: this.i32[CTL_SLEEP_MILLISECS] >>> 0,
      napEndsOnChange: this.profile.napEndsOnChange,
      ...(this.clock.tickMs === undefined ? {} : { tickMs: this.clock.tickMs }),
    });
  }

  /**
   * Scans up to `pages` pages; fewer if the full scan ends, which ends the batch whatever is left
   * of it. How many were scanned.
   */
  scan(pages: number): number {
    return pages === 0 ? 0 : this.cursor.scan(pages, this.clock.nowMs());
  }

  /**
   * run=2: every guest gets its pages back, all rmap items and stable nodes go, and the count of
   * full scans starts again. Guests and regions stay registered, and may change at each pause.
   * ENOMEM if there are too few frames: then some pages stay merged and the rest is as it was.
   */
  unmergeAll(): void {
    const { list, i32, machine, core } = this;
    // What is left of the last full scan's tree may have lost its nodes; one under way loses them
    // as their items are dropped.
    if (list.cursor === list.head) core.unstableReset();
    list.cursor = list.next(list.head);
    while (list.cursor !== list.head) {
      const guest = list.cursor;
      try {
        this.unshareGuest(guest);
      } catch (error) {
        list.cursor = list.head;
        core.unstableAbandon();
        throw error;
      }
      this.cursor.dropItems(guest);
      list.cursor = list.next(guest);
      if (i32[guest + GUEST_STATE] === GUEST_EXITING) {
        list.leave(guest);
        machine.guests.free(guest);
      }
    }
    core.stableRemoveStale();
    i32[CTL_SEQNR] = 0;
  }

  /** Gives a page back to its guest if it is merged. False if no frame is free. */
  unshare(slot: number): boolean {
    return this.machine.pages.unshare(slot, this.profile.zeroPages === 'counted');
  }

  /**
   * A guest is about to exit. False if the scanner must still let go of its rmap items; until then
   * its entry stays.
   */
  exit(guest: number): boolean {
    const { list } = this;
    if (!list.has(guest)) return true;
    if (list.cursor === guest) return false;
    if (this.i32[guest + GUEST_RMAP_ITEMS] === 0) {
      list.leave(guest);
      return true;
    }
    list.moveAheadOfCursor(guest);
    return false;
  }

  /**
   * Lists a page that is merged but that no rmap item knows: from its frame's stable node, or a new
   * one.
   */
  adopt(slot: number, nowMs: number): void {
    const { machine, i32, core } = this;
    const frame = i32[slot + PTE_FRAME];
    core.rmapItemCreate(slot);
    const numaNode = i32[CTL_MERGE_ACROSS_NODES] !== 0 ? 0 : machine.frames.numaNode(frame);
    const own = machine.frames.stableNode(frame);
    const stable = own !== 0 ? own : core.stableInsert(frame, numaNode, nowMs);
    if (stable !== 0) core.stableNodeAppend(stable, slot);
  }

  /** What exits meanwhile, at a pause, has given its pages back. */
  private unshareGuest(guest: number): void {
    const { regions } = this.machine;
    const { i32 } = this;
    let vpn = 0;
    while (i32[guest + GUEST_STATE] !== GUEST_EXITING) {
      const region = regions.endingAbove(guest, vpn);
      if (region === 0) return;
      const from = Math.max(vpn, regions.vpn(region));
      const end = regions.vpn(region) + regions.pages(region);
      if (i32[region + REGION_MERGEABLE] <= 0) vpn = end;
      else {
        vpn = Math.min(end, from + PAGES_A_STEP);
        this.unshareSlots(regions.slot(region, from), vpn - from);
      }
      this.pause();
    }
  }

  private unshareSlots(first: number, pages: number): void {
    for (let slot = first; slot < first + pages * SLOT_WORDS; slot += SLOT_WORDS) {
      if ((this.i32[slot + PTE_STATE] & PTE_MERGEABLE) === 0 || this.unshare(slot)) continue;
      throw new KsmdError(
        'ENOMEM',
        'too few free frames to give every guest its pages back: unregister a guest, or ' +
          'write run=1 to go on merging',
      );
    }
  }
}
