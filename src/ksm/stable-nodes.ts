/**
 * Stable nodes: one for each KSM page, with the list of rmap items whose ptes map it; and chains of them.
 *
 * A node does not hold its page: the page knows its node (a word of the frame), and forgets it as it is freed. A node whose frame no longer names it
 * is *stale*, and is removed by whoever passes it next. Nodes of equal content hang in a chain as its *dups*; the chain's head stands in the tree.
 * Scanner only.
 */
import {
  CTL_MERGES,
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODE_DUPS,
  CTL_STABLE_NODE_FREE,
  CTL_STABLE_NODE_FRESH,
  CTL_STABLE_NODE_TABLE,
  CTL_STABLE_NODES,
  CTL_STABLE_NODES_USED,
  CTL_STABLE_ROOTS,
  CTL_STALE_NODES,
  EDGE_STABLE,
  GUEST_MERGING_PAGES,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_NEXT,
  RMAP_PREV,
  RMAP_STABLE,
  STABLE_CHAIN,
  STABLE_DUP,
  STABLE_DUP_NEXT,
  STABLE_DUP_PREV,
  STABLE_FIRST,
  STABLE_FRAME,
  STABLE_HEAD,
  STABLE_LENGTH,
  STABLE_NODE,
  STABLE_NODE_MASK,
  STABLE_NODE_WORDS,
  STABLE_OWNER,
  STABLE_PRUNE_MS,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';
import { add } from './counters.js';

export class StableNodes {
  private readonly i32: Int32Array;

  constructor(private readonly machine: Machine) {
    this.i32 = machine.memory.i32;
  }

  /** The word of the stable tree's root for NUMA node `node`. */
  root(node: number): number {
    return CTL_STABLE_ROOTS + node;
  }

  /** The NUMA node whose tree a node belongs to. */
  nodeOf(stable: number): number {
    return this.i32[stable + STABLE_NODE] & STABLE_NODE_MASK;
  }

  /** A node for the KSM page `frame`, in no tree yet; 0 if the table is full. */
  create(frame: number, node: number): number {
    const stable = this.take();
    if (stable === 0) return 0;
    this.i32[stable + STABLE_FRAME] = frame;
    this.i32[stable + STABLE_NODE] = node;
    return stable;
  }

  /** The frame is still the node's KSM page. */
  isCurrent(stable: number): boolean {
    return this.machine.frames.stableNode(this.i32[stable + STABLE_FRAME]) === stable;
  }

  isChain(stable: number): boolean {
    return this.i32[stable + STABLE_LENGTH] === STABLE_CHAIN;
  }

  isDup(stable: number): boolean {
    return this.i32[stable + STABLE_HEAD] === STABLE_DUP;
  }

  /** Lists an rmap item from the node: one more pte maps its page. */
  append(stable: number, slot: number): void {
    const { i32 } = this;
    const first = i32[stable + STABLE_FIRST];
    i32[slot + RMAP_HEAD] = stable;
    i32[slot + RMAP_NEXT] = first;
    i32[slot + RMAP_PREV] = 0;
    if (first !== 0) i32[first + RMAP_PREV] = slot;
    i32[stable + STABLE_FIRST] = slot;
    i32[slot + RMAP_FLAGS] |= RMAP_STABLE;
    i32[stable + STABLE_LENGTH]++;
    i32[first !== 0 ? CTL_PAGES_SHARING : CTL_PAGES_SHARED]++;
    add(i32, CTL_MERGES, 1);
    i32[this.machine.pages.guest(slot) + GUEST_MERGING_PAGES]++;
  }

  /** Takes an rmap item off the list it is on. */
  unlist(slot: number): void {
    const { i32 } = this;
    const stable = i32[slot + RMAP_HEAD];
    const next = i32[slot + RMAP_NEXT];
    const prev = i32[slot + RMAP_PREV];
    if (prev !== 0) i32[prev + RMAP_NEXT] = next;
    else i32[stable + STABLE_FIRST] = next;
    if (next !== 0) i32[next + RMAP_PREV] = prev;
    i32[slot + RMAP_FLAGS] &= ~RMAP_STABLE;
    i32[stable + STABLE_LENGTH]--;
    i32[i32[stable + STABLE_FIRST] !== 0 ? CTL_PAGES_SHARING : CTL_PAGES_SHARED]--;
    i32[this.machine.pages.guest(slot) + GUEST_MERGING_PAGES]--;
  }

  /** Removes a stale node from its tree or chain and lets go of the items on its list. */
  remove(stable: number): void {
    const { i32 } = this;
    Atomics.sub(i32, CTL_STALE_NODES, 1);
    for (let slot = i32[stable + STABLE_FIRST]; slot !== 0; slot = i32[slot + RMAP_NEXT]) {
      i32[i32[slot + RMAP_NEXT] !== 0 ? CTL_PAGES_SHARING : CTL_PAGES_SHARED]--;
      i32[this.machine.pages.guest(slot) + GUEST_MERGING_PAGES]--;
      i32[slot + RMAP_FLAGS] &= ~RMAP_STABLE;
    }
    if (this.isDup(stable)) this.removeDup(stable);
    else this.machine.memory.core.treeErase(this.rootOf(stable), stable);
    this.release(stable);
  }

  /** Puts a chain in the tree where `stable` stands, with `stable` as its only dup. The chain, or 0 if the table is full. */
  createChain(stable: number, nowMs: number): number {
    const chain = this.take();
    if (chain === 0) return 0;
    const { i32 } = this;
    i32[chain + STABLE_LENGTH] = STABLE_CHAIN;
    i32[chain + STABLE_PRUNE_MS] = nowMs | 0;
    i32[chain + STABLE_NODE] = i32[stable + STABLE_NODE] & STABLE_NODE_MASK;
    i32[CTL_STABLE_NODE_CHAINS]++;
    this.machine.memory.core.treeReplace(this.rootOf(stable), stable, chain);
    this.addDup(chain, stable);
    return chain;
  }

  addDup(chain: number, stable: number): void {
    const { i32 } = this;
    i32[stable + STABLE_HEAD] = STABLE_DUP;
    i32[stable + STABLE_NODE] &= STABLE_NODE_MASK;
    i32[stable + STABLE_OWNER] = chain;
    this.link(chain, stable);
    i32[CTL_STABLE_NODE_DUPS]++;
  }

  moveToFront(dup: number): void {
    this.unlink(dup);
    this.link(this.i32[dup + STABLE_OWNER], dup);
  }

  /** Lets the chain's only dup take its place in the tree. */
  collapse(chain: number): void {
    const dup = this.i32[chain + STABLE_FIRST];
    this.removeDup(dup);
    this.machine.memory.core.treeReplace(this.rootOf(chain), chain, dup);
    this.i32[CTL_STABLE_NODE_CHAINS]--;
    this.release(chain);
  }

  /** Removes a chain that has no dups. */
  removeChain(chain: number): void {
    this.machine.memory.core.treeErase(this.rootOf(chain), chain);
    this.i32[CTL_STABLE_NODE_CHAINS]--;
    this.release(chain);
  }

  private rootOf(stable: number): number {
    return this.root(this.nodeOf(stable));
  }

  private removeDup(dup: number): void {
    this.unlink(dup);
    this.i32[CTL_STABLE_NODE_DUPS]--;
  }

  private link(chain: number, dup: number): void {
    const { i32 } = this;
    const first = i32[chain + STABLE_FIRST];
    i32[dup + STABLE_DUP_NEXT] = first;
    i32[dup + STABLE_DUP_PREV] = 0;
    if (first !== 0) i32[first + STABLE_DUP_PREV] = dup;
    i32[chain + STABLE_FIRST] = dup;
  }

  private unlink(dup: number): void {
    const { i32 } = this;
    const next = i32[dup + STABLE_DUP_NEXT];
    const prev = i32[dup + STABLE_DUP_PREV];
    if (prev !== 0) i32[prev + STABLE_DUP_NEXT] = next;
    else i32[i32[dup + STABLE_OWNER] + STABLE_FIRST] = next;
    if (next !== 0) i32[next + STABLE_DUP_PREV] = prev;
  }

  private take(): number {
    const { i32 } = this;
    let stable = i32[CTL_STABLE_NODE_FREE];
    if (stable !== 0) i32[CTL_STABLE_NODE_FREE] = i32[stable];
    else {
      if (i32[CTL_STABLE_NODE_FRESH] === i32[CTL_STABLE_NODES]) return 0;
      stable = i32[CTL_STABLE_NODE_TABLE] + i32[CTL_STABLE_NODE_FRESH] * STABLE_NODE_WORDS;
      i32[CTL_STABLE_NODE_FRESH]++;
    }
    i32.fill(0, stable, stable + STABLE_NODE_WORDS);
    i32[CTL_STABLE_NODES_USED]++;
    return stable;
  }

  /** Gives a node back that is in no tree and no chain. */
  release(stable: number): void {
    this.machine.memory.core.edgeForget(EDGE_STABLE, stable);
    this.i32[stable] = this.i32[CTL_STABLE_NODE_FREE];
    this.i32[CTL_STABLE_NODE_FREE] = stable;
    this.i32[CTL_STABLE_NODES_USED]--;
  }
}
