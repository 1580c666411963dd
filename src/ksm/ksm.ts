/**
 * Kernel Samepage Merging over a machine: what Linux's ksmd does to a page when it visits it, batch by batch.
 *
 * All of its state is in the machine's shared memory; an object of this class is one thread's hands on it. Reads no clock, socket or file: the same
 * calls give the same counters, always. Scanner only, or the API thread while the scanner is parked.
 */
import {
  CTL_CHANGE_DETECTION,
  CTL_CHECKSUMS,
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_SCANNED,
  CTL_SEQNR,
  CTL_USE_ZERO_PAGES,
  GUEST_EXITING,
  GUEST_NODE,
  GUEST_RMAP_ITEMS,
  GUEST_STATE,
  GUEST_VISITS,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HASHED,
  PTE_MERGEABLE,
  PTE_STATE,
  REGION_MERGEABLE,
  RMAP_FLAGS,
  RMAP_FULL,
  RMAP_HEAD,
  RMAP_SEEN,
  RMAP_SKIPPED,
  RMAP_STABLE,
  SLOT_WORDS,
} from '../core/layout.js';
import { frameChecksum } from '../machine/checksum.js';
import { OutOfMemoryError } from '../machine/errors.js';
import type { Machine } from '../machine/machine.js';
import { Advisor } from './advisor.js';
import type { Clock } from './clock.js';
import { add } from './counters.js';
import { Cursor } from './cursor.js';
import { Merger } from './merge.js';
import { MmList } from './mm-list.js';
import type { KernelProfile } from './profile.js';
import { RmapItems } from './rmap-items.js';
import { StableNodes } from './stable-nodes.js';
import { StableTree } from './stable-tree.js';
import { UnstableTree } from './unstable-tree.js';

export class Ksm {
  readonly list: MmList;
  readonly items: RmapItems;
  readonly stable: StableTree;
  readonly advisor: Advisor;
  private readonly i32: Int32Array;
  private readonly nodes: StableNodes;
  private readonly unstable: UnstableTree;
  private readonly cursor: Cursor;
  private readonly merger: Merger;
  /** When the batch under way began. */
  private nowMs = 0;

  constructor(
    readonly machine: Machine,
    readonly profile: KernelProfile,
    private readonly clock: Clock,
  ) {
    this.i32 = machine.memory.i32;
    this.list = new MmList(machine.memory);
    this.nodes = new StableNodes(machine);
    this.unstable = new UnstableTree(machine);
    this.items = new RmapItems(machine, this.nodes, this.unstable);
    this.stable = new StableTree(machine, this.nodes, profile);
    this.advisor = new Advisor(this.i32, clock);
    this.cursor = new Cursor(machine, this.list, this.items, this.unstable, this.advisor);
    this.merger = new Merger(machine);
  }

  /** Visits up to `pages` pages; fewer if the full scan ends, which ends the batch whatever is left of it. How many were visited. */
  scan(pages: number): number {
    this.nowMs = this.clock.nowMs();
    for (let left = pages; left > 0; left--) {
      const slot = this.cursor.next(left);
      left -= this.cursor.passed;
      add(this.i32, CTL_PAGES_SCANNED, this.cursor.passed);
      if (slot === 0) return pages - left;
      this.visit(slot);
      add(this.i32, this.list.cursor + GUEST_VISITS, 1);
      add(this.i32, CTL_PAGES_SCANNED, 1);
    }
    return pages;
  }

  /**
   * run=2: every guest gets its pages back, all rmap items and stable nodes go, and the count of full scans starts again. Guests and regions stay
   * registered. OutOfMemoryError if there are too few frames: then some pages stay merged and the rest is as it was.
   */
  unmergeAll(): void {
    const { list, i32, machine } = this;
    // What is left of the last full scan's tree may have lost its nodes; one under way loses them as their items are dropped.
    if (list.cursor === list.head) this.unstable.reset();
    list.cursor = list.next(list.head);
    while (list.cursor !== list.head) {
      const guest = list.cursor;
      const exiting = i32[guest + GUEST_STATE] === GUEST_EXITING;
      try {
        if (!exiting) this.unshareGuest(guest);
      } catch (error) {
        list.cursor = list.head;
        this.unstable.abandon();
        throw error;
      }
      this.cursor.dropItems(guest);
      list.cursor = list.next(guest);
      if (exiting) {
        list.leave(guest);
        machine.guests.free(guest);
      }
    }
    this.stable.removeStale();
    i32[CTL_SEQNR] = 0;
  }

  /** Gives a page back to its guest if it is merged. False if no frame is free. */
  unshare(slot: number): boolean {
    return this.machine.pages.unshare(slot, this.profile.zeroPages === 'counted');
  }

  /** A guest is about to exit. False if the scanner must still let go of its rmap items; until then its entry stays. */
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

  /** Lists a page that is merged but that no rmap item knows: from its frame's stable node, or a new one. */
  adopt(slot: number, nowMs: number): void {
    const { machine, i32 } = this;
    const frame = i32[slot + PTE_FRAME];
    this.items.create(slot);
    const node = i32[CTL_MERGE_ACROSS_NODES] !== 0 ? 0 : machine.frames.node(frame);
    const own = machine.frames.stableNode(frame);
    const stable = own !== 0 ? own : this.stable.insert(frame, node, nowMs);
    if (stable !== 0) this.nodes.append(stable, slot);
  }

  private unshareGuest(guest: number): void {
    const { regions } = this.machine;
    const { i32 } = this;
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (i32[region + REGION_MERGEABLE] <= 0) continue;
      const first = regions.slot(region, regions.vpn(region));
      for (let slot = first; slot < first + regions.pages(region) * SLOT_WORDS; slot += SLOT_WORDS) {
        if ((i32[slot + PTE_STATE] & PTE_MERGEABLE) === 0 || this.unshare(slot)) continue;
        throw new OutOfMemoryError('too few free frames to give every guest its pages back: unregister a guest, or write run=1 to go on merging');
      }
    }
  }

  /** One visit. Linux: cmp_and_merge_page. */
  private visit(slot: number): void {
    const { i32, machine, items, profile } = this;
    const frame = i32[slot + PTE_FRAME];
    const own = machine.frames.stableNode(frame);
    if (own !== 0) {
      if ((i32[slot + RMAP_FLAGS] & RMAP_STABLE) !== 0 && i32[slot + RMAP_HEAD] === own) return;
      // The pte maps a KSM page but its item is not listed there: list it.
      items.detach(slot);
      this.nodes.append(own, slot);
      return;
    }
    i32[slot + RMAP_FLAGS] &= ~(RMAP_FULL | RMAP_SKIPPED);
    if (profile.checksumFirst) {
      items.detach(slot);
      if (this.hasChanged(slot, frame) || this.mergeWithZeroPage(slot, frame)) return;
    }
    const acrossNodes = i32[CTL_MERGE_ACROSS_NODES] !== 0;
    const node = acrossNodes ? 0 : i32[machine.pages.guest(slot) + GUEST_NODE];
    const stable = this.stable.search(frame, node, this.nowMs);
    items.detach(slot);
    if (stable !== 0) {
      if (this.merger.intoStable(slot, frame, stable)) this.nodes.append(stable, slot);
      return;
    }
    if (!profile.checksumFirst && (this.hasChanged(slot, frame) || this.mergeWithZeroPage(slot, frame))) return;
    if (this.stable.wasFull) i32[slot + RMAP_FLAGS] |= RMAP_FULL;
    const twin = this.unstable.findOrInsert(slot, frame, node, acrossNodes);
    if (twin !== 0) this.mergeTwins(slot, frame, twin, node);
  }

  /** Two equal pages become a KSM page: the frame of the page scanned; the tree's item is its first. */
  private mergeTwins(slot: number, frame: number, twin: number, node: number): void {
    const { machine, items } = this;
    if (!this.merger.twins(slot, frame, twin, this.i32[twin + PTE_FRAME], this.unstable.isProven)) return;
    items.detach(twin);
    const stable = this.stable.insert(frame, node, this.nowMs);
    if (stable !== 0) {
      this.nodes.append(stable, twin);
      this.nodes.append(stable, slot);
    } else {
      // No room for a node: a frame shared outside the tree would never be found again.
      this.unshare(twin);
      this.unshare(slot);
    }
    machine.frames.put(frame);
  }

  /**
   * Whether the page's checksum is another than at the last visit: a page that changes is not worth searching for. A clean page's is the same. Of a dirty
   * one the writer has left the checksum of what it held before. A page being written counts as changed; with change_detection=dirty, so does any that
   * was written.
   */
  private hasChanged(slot: number, frame: number): boolean {
    const { i32, machine } = this;
    const seen = (i32[slot + RMAP_FLAGS] & RMAP_SEEN) !== 0;
    if (seen && (Atomics.load(i32, slot + PTE_STATE) & PTE_DIRTY) === 0) return false;
    const state = machine.lock.tryTake(slot);
    if (state === -1) return true;
    if (
      seen &&
      i32[CTL_CHANGE_DETECTION] === 0 &&
      (state & (PTE_DIRTY | PTE_HASHED)) === (PTE_DIRTY | PTE_HASHED) &&
      i32[slot + PTE_FRAME] === frame
    ) {
      const sum = frameChecksum(machine.memory, frame);
      add(i32, CTL_CHECKSUMS, 1);
      const changed = i32[slot + PTE_CHECKSUM] !== sum;
      i32[slot + PTE_CHECKSUM] = sum;
      machine.lock.release(slot, state & ~PTE_DIRTY);
      return changed;
    }
    // The first visit, or nothing is known of what it held.
    i32[slot + RMAP_FLAGS] |= RMAP_SEEN;
    machine.lock.release(slot, state & ~(PTE_DIRTY | PTE_HASHED));
    return true;
  }

  /** A zero page's checksum is the zero checksum, so only the bytes have to be looked at. */
  private mergeWithZeroPage(slot: number, frame: number): boolean {
    return this.i32[CTL_USE_ZERO_PAGES] !== 0 && this.merger.intoZeroPage(slot, frame);
  }
}
