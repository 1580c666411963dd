/**
 * The unstable tree: pages seen unchanged, in order of what they held when they came in. Nothing protects them from being written, so the tree is
 * emptied at the start of each full scan and whatever it finds is compared again before it is merged. One tree for each NUMA node when pages are
 * not merged across nodes. Scanner only.
 */
import {
  CTL_FOUND_LINK,
  CTL_FOUND_NODE,
  CTL_FOUND_PARENT,
  CTL_PAGES_UNSHARED,
  CTL_SEQNR,
  CTL_UNSTABLE_ROOTS,
  EDGE_UNSTABLE,
  MAX_NODES,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HASHED,
  RMAP_FLAGS,
  RMAP_NODE_MASK,
  RMAP_NODE_SHIFT,
  RMAP_SAMPLED,
  RMAP_SEQNR_MASK,
  RMAP_SEQNR_SHIFT,
  RMAP_TRUSTED,
  RMAP_UNSTABLE,
  SEARCH_ABSENT,
  SEARCH_FOUND,
} from '../core/layout.js';
import type { Core } from '../machine/core.js';
import type { Machine } from '../machine/machine.js';

export class UnstableTree {
  private readonly i32: Int32Array;
  private readonly core: Core;

  constructor(private readonly machine: Machine) {
    this.i32 = machine.memory.i32;
    this.core = machine.memory.core;
  }

  /** Forgets all nodes. Their rmap items go on saying that they are in the tree, of a generation past. */
  reset(): void {
    this.i32.fill(0, CTL_UNSTABLE_ROOTS, CTL_UNSTABLE_ROOTS + MAX_NODES);
    this.core.edgeForgetAll(EDGE_UNSTABLE);
  }

  /** Empties the tree in the middle of a full scan: the rmap items in it are of a generation past from now on. */
  abandon(): void {
    const { i32, core } = this;
    const past = ((this.generation() - 1) & 0xff) << RMAP_SEQNR_SHIFT;
    for (let root = CTL_UNSTABLE_ROOTS; root < CTL_UNSTABLE_ROOTS + MAX_NODES; root++) {
      for (let slot = i32[root]; slot !== 0; slot = i32[root]) {
        core.treeErase(root, slot);
        i32[slot + RMAP_FLAGS] = (i32[slot + RMAP_FLAGS] & ~RMAP_SEQNR_MASK) | past;
      }
    }
    core.edgeForgetAll(EDGE_UNSTABLE);
  }

  /**
   * The slot of a page with the content of `frame`, if there is one; otherwise puts `slot`, whose frame that is, into the tree and returns 0. Also 0 if
   * a page on the way is gone, or the equal one is of another NUMA node: then nothing is inserted.
   */
  findOrInsert(slot: number, frame: number, node: number, acrossNodes: boolean): number {
    const { i32, core } = this;
    const root = CTL_UNSTABLE_ROOTS + node;
    const answer = core.unstableSearch(root, frame);
    if (answer === SEARCH_FOUND) {
      const found = i32[CTL_FOUND_NODE];
      return acrossNodes || this.machine.frames.node(i32[found + PTE_FRAME]) === node ? found : 0;
    }
    if (answer !== SEARCH_ABSENT) return 0;
    const flags = i32[slot + RMAP_FLAGS] & ~(RMAP_SEQNR_MASK | RMAP_NODE_MASK | RMAP_TRUSTED | RMAP_SAMPLED);
    const trust = core.searchTrusted() !== 0 ? RMAP_TRUSTED | this.sample(slot) : 0;
    i32[slot + RMAP_FLAGS] = flags | RMAP_UNSTABLE | (this.generation() << RMAP_SEQNR_SHIFT) | (node << RMAP_NODE_SHIFT) | trust;
    core.treeInsert(root, slot, i32[CTL_FOUND_PARENT], i32[CTL_FOUND_LINK]);
    i32[CTL_PAGES_UNSHARED]++;
    return 0;
  }

  /** Whether the page that findOrInsert found was proven to be equal, as long as neither is written: see src/core/unstable-search.ts. */
  get isProven(): boolean {
    return this.core.searchProven() !== 0;
  }

  /** Takes out an rmap item that says it is in the tree. One of a generation past has only its flag to lose. */
  remove(slot: number): void {
    const { i32 } = this;
    const flags = i32[slot + RMAP_FLAGS];
    if (this.isCurrent(flags)) {
      this.core.treeErase(this.rootOf(flags), slot);
      this.core.edgeForget(EDGE_UNSTABLE, slot);
    }
    i32[slot + RMAP_FLAGS] = flags & ~RMAP_UNSTABLE;
    i32[CTL_PAGES_UNSHARED]--;
  }

  /** `to` takes over the place and the flags that the rmap item `from` has in the tree. */
  move(from: number, to: number): void {
    const flags = this.i32[from + RMAP_FLAGS];
    if (!this.isCurrent(flags)) return;
    this.core.treeReplace(this.rootOf(flags), from, to);
    this.core.edgeForget(EDGE_UNSTABLE, from);
  }

  /** Keeps a sample of the page, unless it is being written or has been. RMAP_SAMPLED if so, otherwise 0. */
  private sample(slot: number): number {
    const { lock } = this.machine;
    const state = lock.tryTake(slot);
    if (state === -1) return 0;
    const clean = (state & PTE_DIRTY) === 0;
    if (clean) this.core.unstableSample(slot);
    lock.release(slot, clean ? state & ~PTE_HASHED : state);
    return clean ? RMAP_SAMPLED : 0;
  }

  private isCurrent(flags: number): boolean {
    return (flags & RMAP_SEQNR_MASK) >> RMAP_SEQNR_SHIFT === this.generation();
  }

  private rootOf(flags: number): number {
    return CTL_UNSTABLE_ROOTS + ((flags & RMAP_NODE_MASK) >> RMAP_NODE_SHIFT);
  }

  private generation(): number {
    return this.i32[CTL_SEQNR] & 0xff;
  }
}
