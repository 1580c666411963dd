/**
 * Rmap items: what the scanner knows of a page between its visits. They live in the page's slot, beside its pte.
 *
 * An item comes when the scanner first meets a present page and goes when the scanner next passes and finds the page gone: until then the counters
 * still count it, as the kernel's do. Scanner only.
 */
import {
  CTL_RMAP_ITEMS,
  GUEST_RMAP_ITEMS,
  PTE_DIRTY,
  PTE_HASHED,
  PTE_STATE,
  REGION_RMAP_ITEMS,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_IN_USE,
  RMAP_NEXT,
  RMAP_PREV,
  RMAP_STABLE,
  RMAP_UNSTABLE,
  SLOT_REGION,
  STABLE_FIRST,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';
import type { StableNodes } from './stable-nodes.js';
import type { UnstableTree } from './unstable-tree.js';

export class RmapItems {
  private readonly i32: Int32Array;

  constructor(
    private readonly machine: Machine,
    private readonly nodes: StableNodes,
    private readonly unstable: UnstableTree,
  ) {
    this.i32 = machine.memory.i32;
  }

  create(slot: number): void {
    const { i32 } = this;
    i32[slot + RMAP_FLAGS] = RMAP_IN_USE;
    this.count(slot, 1);
  }

  /** Takes the item out of whatever it is in and forgets it. */
  destroy(slot: number): void {
    this.detach(slot);
    this.i32[slot + RMAP_FLAGS] = 0;
    this.count(slot, -1);
  }

  /** Takes the item out of the tree or off the list it is in, if any. A stale stable node goes whole. */
  detach(slot: number): void {
    const flags = this.i32[slot + RMAP_FLAGS];
    if ((flags & RMAP_STABLE) !== 0) {
      const stable = this.i32[slot + RMAP_HEAD];
      if (this.nodes.isCurrent(stable)) this.nodes.unlist(slot);
      else this.nodes.remove(stable);
    } else if ((flags & RMAP_UNSTABLE) !== 0) this.unstable.remove(slot);
  }

  /** Hands an item on to another slot, for the same address of the same guest mapped anew. It keeps its place in trees and lists, its age and its checksum. */
  move(from: number, to: number): void {
    const { i32 } = this;
    const flags = i32[from + RMAP_FLAGS];
    i32.copyWithin(to, from, from + RMAP_FLAGS);
    i32[to + RMAP_FLAGS] = flags;
    i32[to + PTE_STATE] |= i32[from + PTE_STATE] & (PTE_HASHED | PTE_DIRTY);
    if ((flags & RMAP_STABLE) !== 0) {
      const prev = i32[from + RMAP_PREV];
      const next = i32[from + RMAP_NEXT];
      if (prev !== 0) i32[prev + RMAP_NEXT] = to;
      else i32[i32[from + RMAP_HEAD] + STABLE_FIRST] = to;
      if (next !== 0) i32[next + RMAP_PREV] = to;
    } else if ((flags & RMAP_UNSTABLE) !== 0) this.unstable.move(from, to);
    i32[from + RMAP_FLAGS] = 0;
    this.count(from, -1);
    this.count(to, 1);
  }

  private count(slot: number, change: number): void {
    const { i32, machine } = this;
    i32[CTL_RMAP_ITEMS] += change;
    i32[machine.pages.guest(slot) + GUEST_RMAP_ITEMS] += change;
    i32[i32[slot + SLOT_REGION] + REGION_RMAP_ITEMS] += change;
    machine.pages.populate(slot, change);
  }
}
