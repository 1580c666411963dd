/**
 * The stable tree: KSM pages in order of content, one tree for each NUMA node when pages are not
 * merged across nodes.
 *
 * Its pages never change while they are mapped, so a search can rely on the order. Stale nodes and
 * chains that a search passes are tidied up, and which ones it passes depends on the shape of the
 * tree: a search that removes a node starts again at the root, as the kernel's does. Scanner only.
 */
import {
  CTL_CHAINS_ALWAYS_YIELD,
  CTL_CHAINS_PRUNE_MILLISECS,
  CTL_MAX_PAGE_SHARING,
  CTL_STABLE_ROOTS,
  MAX_NUMA_NODES,
  NO_SHARING_LIMIT,
  SEARCH_ABSENT,
  SEARCH_AGAIN,
  SEARCH_FOUND,
  SEARCH_LOOK,
  STABLE_DUP_NEXT,
  STABLE_FIRST,
  STABLE_LENGTH,
  STABLE_PRUNE_MS,
} from '../layout';
import { setStableNode } from '../memory/references';
import { load, store } from '../words';
import { foundNode, link, parent } from './descent';
import { treeInsert } from './rbtree';
import {
  chainAdd,
  chainCollapse,
  chainCreate,
  chainMoveToFront,
  chainRemove,
  isChain,
  isCurrent,
  stableNodeCreate,
  stableNodeRelease,
  stableNodeRemove,
} from './stable-nodes';
import { stableExcerpt, stableResume, stableSearch } from './stable-search';

/** The dup that the chain last looked at yields. */
let yielded: u32 = 0;

/** The last search found the content, but no node of it that takes one more mapping. */
export let wasFull: bool = false;

/**
 * The stable node with the content of `frame` that takes one more mapping; 0 if there is none.
 * `nowMs` dates the pruning of chains.
 */
export function stableFind(frame: u32, numaNode: u32, nowMs: u32): u32 {
  wasFull = false;
  if (descendStable(frame, numaNode, nowMs, true) != SEARCH_FOUND) return 0;
  const stable = isChain(foundNode) ? yielded : foundNode;
  if (hasRoom(stable, 0)) return stable;
  // One without mappings is kept by somebody's reference only, and about to go.
  wasFull = <i32>load(stable + STABLE_LENGTH) > 0;
  return 0;
}

/**
 * Makes `frame` a KSM page: its new node goes into the tree, or as a dup into a chain of its
 * content. 0, nothing changed, if there is no room.
 */
export function stableInsert(frame: u32, numaNode: u32, nowMs: u32): u32 {
  const answer = descendStable(frame, numaNode, nowMs, false);
  const stable = stableNodeCreate(frame, numaNode);
  if (stable == 0) return 0;
  if (answer == SEARCH_ABSENT) {
    stableExcerpt(stable);
    treeInsert(CTL_STABLE_ROOTS + numaNode, stable, parent, link);
  } else {
    const chain = isChain(foundNode) ? foundNode : chainCreate(foundNode, nowMs);
    if (chain == 0) {
      stableNodeRelease(stable);
      return 0;
    }
    chainAdd(chain, stable);
  }
  setStableNode(frame, stable);
  return stable;
}

/** Removes every node whose page is gone, and empty chains. False if a page is still mapped. */
export function stableRemoveStale(): bool {
  for (let root: u32 = CTL_STABLE_ROOTS; root < <u32>(CTL_STABLE_ROOTS + MAX_NUMA_NODES); root++) {
    for (let top = load(root); top != 0; top = load(root)) {
      const chain = isChain(top);
      for (
        let stable = chain ? load(top + STABLE_FIRST) : top;
        stable != 0;
        stable = chain ? load(top + STABLE_FIRST) : 0
      ) {
        if (isCurrent(stable)) return false;
        stableNodeRemove(stable);
      }
      if (chain) chainRemove(top);
    }
  }
  return true;
}

/**
 * The node takes `more` + 1 further mappings. One that lists none takes none, although a fork may
 * still map its page: content that comes again is a dup beside it. Without chains it takes any.
 */
function hasRoom(stable: u32, more: i32): bool {
  const limit = <i32>load(CTL_MAX_PAGE_SHARING);
  const length = <i32>load(stable + STABLE_LENGTH);
  return limit == NO_SHARING_LIMIT || (length > 0 && length + more < limit);
}

/** Walks down; chains and stale nodes that the search stops at are looked at here. */
function descendStable(frame: u32, numaNode: u32, nowMs: u32, prune: bool): u32 {
  const root = CTL_STABLE_ROOTS + numaNode;
  let answer = stableSearch(root, frame);
  while (answer == SEARCH_LOOK || answer == SEARCH_AGAIN) {
    const stable = foundNode;
    if (answer == SEARCH_AGAIN) answer = stableSearch(root, frame);
    else if (!isChain(stable)) {
      stableNodeRemove(stable);
      answer = stableSearch(root, frame);
    } else if (lookThrough(stable, nowMs, prune)) {
      answer = stableResume(yielded);
    } else {
      chainRemove(stable);
      answer = stableSearch(root, frame);
    }
  }
  return answer;
}

/**
 * Chooses a dup of the chain to compare with and perhaps to merge into, removing stale ones on the
 * way; it may collapse the chain. False if it has no dup left. Without pruning the first dup with
 * room ends the walk; with it, due every stable_node_chains_prune_millisecs, all are looked at and
 * the fullest with room wins. Where none has room any will do: the content is the same.
 */
function lookThrough(chain: u32, nowMs: u32, prune: bool): bool {
  const pruning =
    prune && nowMs - load(chain + STABLE_PRUNE_MS) >= load(CTL_CHAINS_PRUNE_MILLISECS);
  if (pruning) store(chain + STABLE_PRUNE_MS, nowMs);

  let chosen: u32 = 0;
  let next: u32 = 0;
  for (let dup = load(chain + STABLE_FIRST); dup != 0; dup = next) {
    next = load(dup + STABLE_DUP_NEXT);
    if (!isCurrent(dup)) {
      stableNodeRemove(dup);
      continue;
    }
    if (!hasRoom(dup, 0)) continue;
    if (chosen == 0 || <i32>load(dup + STABLE_LENGTH) > <i32>load(chosen + STABLE_LENGTH))
      chosen = dup;
    if (!pruning) break;
  }
  const first = load(chain + STABLE_FIRST);
  if (first == 0) return false;
  const collapses =
    load(first + STABLE_DUP_NEXT) == 0 &&
    (load(CTL_CHAINS_ALWAYS_YIELD) != 0 || (pruning && chosen != 0));
  if (collapses) chainCollapse(chain);
  else if (chosen != 0 && chosen != first && hasRoom(chosen, 1)) chainMoveToFront(chosen);
  yielded = chosen != 0 ? chosen : first;
  return true;
}
