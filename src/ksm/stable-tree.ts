/**
 * The stable tree: KSM pages in order of content, one tree for each NUMA node when pages are not merged across nodes.
 *
 * Its pages never change while they are mapped, so a search can rely on the order. Stale nodes and chains that a search passes are tidied up, and
 * which ones it passes depends on the shape of the tree: a search that removes a node starts again at the root, as the kernel's does.
 * Scanner only.
 */
import {
  CTL_CHAINS_PRUNE_MILLISECS,
  CTL_FOUND_LINK,
  CTL_FOUND_NODE,
  CTL_FOUND_PARENT,
  CTL_MAX_PAGE_SHARING,
  CTL_STABLE_ROOTS,
  MAX_NODES,
  SEARCH_ABSENT,
  SEARCH_AGAIN,
  SEARCH_FOUND,
  SEARCH_LOOK,
  STABLE_DUP_NEXT,
  STABLE_FIRST,
  STABLE_LENGTH,
  STABLE_PRUNE_MS,
} from '../core/layout.js';
import type { Core } from '../machine/core.js';
import type { Machine } from '../machine/machine.js';
import type { KernelProfile } from './profile.js';
import type { StableNodes } from './stable-nodes.js';

export class StableTree {
  private readonly i32: Int32Array;
  private readonly core: Core;
  /** The dup that the chain last looked at yields; 0 if it must be given up. */
  private dup = 0;
  /** The last search found the content, but no node of it that takes one more mapping. */
  wasFull = false;

  constructor(
    private readonly machine: Machine,
    private readonly nodes: StableNodes,
    private readonly profile: KernelProfile,
  ) {
    this.i32 = machine.memory.i32;
    this.core = machine.memory.core;
  }

  /** The stable node with the content of `frame` that takes one more mapping; 0 if there is none. `nowMs` dates the pruning of chains. */
  search(frame: number, node: number, nowMs: number): number {
    this.wasFull = false;
    if (this.descend(frame, node, nowMs, true) !== SEARCH_FOUND) return 0;
    const found = this.i32[CTL_FOUND_NODE];
    const stable = this.nodes.isChain(found) ? this.dup : found;
    if (this.hasRoom(stable, 0)) return stable;
    // One without mappings is kept by somebody's reference only, and about to go.
    this.wasFull = this.i32[stable + STABLE_LENGTH] > 0;
    return 0;
  }

  /** Makes `frame` a KSM page: its new node goes into the tree, or as a dup into a chain of its content. 0, nothing changed, if there is no room. */
  insert(frame: number, node: number, nowMs: number): number {
    const { i32, nodes } = this;
    const answer = this.descend(frame, node, nowMs, false);
    const stable = nodes.create(frame, node);
    if (stable === 0) return 0;
    if (answer === SEARCH_ABSENT) {
      this.core.stableSample(stable);
      this.core.treeInsert(nodes.root(node), stable, i32[CTL_FOUND_PARENT], i32[CTL_FOUND_LINK]);
    } else {
      const found = i32[CTL_FOUND_NODE];
      const chain = nodes.isChain(found) ? found : nodes.createChain(found, nowMs);
      if (chain === 0) {
        nodes.release(stable);
        return 0;
      }
      nodes.addDup(chain, stable);
    }
    this.machine.frames.setStableNode(frame, stable);
    return stable;
  }

  /** Removes every node whose page is gone, and empty chains. False if a page is still mapped. */
  removeStale(): boolean {
    const { i32, nodes } = this;
    for (let root = CTL_STABLE_ROOTS; root < CTL_STABLE_ROOTS + MAX_NODES; root++) {
      while (i32[root] !== 0) {
        const top = i32[root];
        const chain = nodes.isChain(top);
        for (let stable = chain ? i32[top + STABLE_FIRST] : top; stable !== 0; stable = chain ? i32[top + STABLE_FIRST] : 0) {
          if (nodes.isCurrent(stable)) return false;
          nodes.remove(stable);
        }
        if (chain) nodes.removeChain(top);
      }
    }
    return true;
  }

  /** The node has a mapping left, so its page will stay, and takes `more` + 1 further ones. */
  hasRoom(stable: number, more: number): boolean {
    const length = this.i32[stable + STABLE_LENGTH];
    return length > 0 && length + more < this.i32[CTL_MAX_PAGE_SHARING];
  }

  /** Walks down; chains and stale nodes that the core stops at are looked at here. */
  private descend(frame: number, node: number, nowMs: number, prune: boolean): number {
    const { i32, core, nodes } = this;
    const root = nodes.root(node);
    let answer = core.stableSearch(root, frame);
    while (answer === SEARCH_LOOK || answer === SEARCH_AGAIN) {
      const stable = i32[CTL_FOUND_NODE];
      if (answer === SEARCH_AGAIN) answer = core.stableSearch(root, frame);
      else if (!nodes.isChain(stable)) {
        nodes.remove(stable);
        answer = core.stableSearch(root, frame);
      } else if (this.lookThrough(stable, nowMs, prune)) {
        answer = core.stableResume(this.dup);
      } else {
        nodes.removeChain(stable);
        answer = core.stableSearch(root, frame);
      }
    }
    return answer;
  }

  /**
   * Chooses a dup of the chain to compare with and perhaps to merge into, removing stale ones on the way; it may collapse the chain. False if it has no
   * dup left. Without pruning the first dup with room ends the walk; with it, due every stable_node_chains_prune_millisecs, all are looked at and
   * the fullest with room wins. Where none has room any will do: the content is the same.
   */
  private lookThrough(chain: number, nowMs: number, prune: boolean): boolean {
    const { i32, nodes } = this;
    const pruning = prune && (nowMs - i32[chain + STABLE_PRUNE_MS]) >>> 0 >= i32[CTL_CHAINS_PRUNE_MILLISECS] >>> 0;
    if (pruning) i32[chain + STABLE_PRUNE_MS] = nowMs | 0;

    let chosen = 0;
    let next = 0;
    for (let dup = i32[chain + STABLE_FIRST]; dup !== 0; dup = next) {
      next = i32[dup + STABLE_DUP_NEXT];
      if (!nodes.isCurrent(dup)) {
        nodes.remove(dup);
        continue;
      }
      if (!this.hasRoom(dup, 0)) continue;
      if (chosen === 0 || i32[dup + STABLE_LENGTH] > i32[chosen + STABLE_LENGTH]) chosen = dup;
      if (!pruning) break;
    }
    const first = i32[chain + STABLE_FIRST];
    if (first === 0) return false;
    const collapses = i32[first + STABLE_DUP_NEXT] === 0 && (this.profile.chains === 'any' || (pruning && chosen !== 0));
    if (collapses) nodes.collapse(chain);
    else if (chosen !== 0 && chosen !== first && this.hasRoom(chosen, 1)) nodes.moveToFront(chosen);
    this.dup = chosen !== 0 ? chosen : first;
    return true;
  }
}
