/**
 * Stable nodes: one for each KSM page, with the list of rmap items whose ptes map it; and chains of
 * them.
 *
 * A node does not keep its frame alive. The frame names its node in a word, and forgets it as the
 * frame is freed. A node whose frame no longer names it is *stale*, and is removed by whoever
 * passes it next. Nodes of equal content hang in a *chain* as its *dups*; the chain's head stands
 * in the tree. Scanner only.
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
  RMAP_CHANGES,
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
  STABLE_NODE_WORDS,
  STABLE_NUMA_NODE,
  STABLE_NUMA_NODE_MASK,
  STABLE_OWNER,
  STABLE_PRUNE_MS,
} from '../layout';
import { guestOf } from '../memory/mappings';
import { stableNodeOf } from '../memory/references';
import { add, addWide, atomicAdd, load, store } from '../words';
import { edgeForget } from './edge';
import { treeErase, treeReplace } from './rbtree';

/** Whether so many nodes or chains can be made. */
export function hasNodesFor(nodes: u32): bool {
  return load(CTL_STABLE_NODES_USED) + nodes <= load(CTL_STABLE_NODES);
}

/** A node for the KSM page `frame`, in no tree yet; 0 if the table is full. */
export function stableNodeCreate(frame: u32, numaNode: u32): u32 {
  const stable = take();
  if (stable == 0) return 0;
  store(stable + STABLE_FRAME, frame);
  store(stable + STABLE_NUMA_NODE, numaNode);
  return stable;
}

/** Gives a node back that is in no tree and no chain. */
export function stableNodeRelease(stable: u32): void {
  edgeForget(EDGE_STABLE, stable);
  store(stable, load(CTL_STABLE_NODE_FREE));
  store(CTL_STABLE_NODE_FREE, stable);
  add(CTL_STABLE_NODES_USED, -1);
}

/** The frame is still the node's KSM page. */
export function isCurrent(stable: u32): bool {
  return stableNodeOf(load(stable + STABLE_FRAME)) == stable;
}

/** The head of a chain, not a node. */
export function isChain(stable: u32): bool {
  return load(stable + STABLE_LENGTH) == <u32>STABLE_CHAIN;
}

/** Lists an rmap item from the node: one more pte maps its page. */
export function stableNodeAppend(stable: u32, slot: u32): void {
  const first = load(stable + STABLE_FIRST);
  store(slot + RMAP_HEAD, stable);
  store(slot + RMAP_NEXT, first);
  store(slot + RMAP_PREV, 0);
  if (first != 0) store(first + RMAP_PREV, slot);
  store(stable + STABLE_FIRST, slot);
  store(slot + RMAP_FLAGS, load(slot + RMAP_FLAGS) | RMAP_STABLE);
  add(stable + STABLE_LENGTH, 1);
  add(first != 0 ? CTL_PAGES_SHARING : CTL_PAGES_SHARED, 1);
  addWide(CTL_MERGES, 1);
  add(guestOf(slot) + GUEST_MERGING_PAGES, 1);
}

/** Takes an rmap item off the list it is on. */
export function stableNodeUnlist(slot: u32): void {
  const stable = load(slot + RMAP_HEAD);
  const next = load(slot + RMAP_NEXT);
  const prev = load(slot + RMAP_PREV);
  if (prev != 0) store(prev + RMAP_NEXT, next);
  else store(stable + STABLE_FIRST, next);
  if (next != 0) store(next + RMAP_PREV, prev);
  store(slot + RMAP_FLAGS, load(slot + RMAP_FLAGS) & ~RMAP_STABLE);
  store(slot + RMAP_CHANGES, 0);
  add(stable + STABLE_LENGTH, -1);
  add(load(stable + STABLE_FIRST) != 0 ? CTL_PAGES_SHARING : CTL_PAGES_SHARED, -1);
  add(guestOf(slot) + GUEST_MERGING_PAGES, -1);
}

/** Removes a stale node from its tree or chain and lets go of the items on its list. */
export function stableNodeRemove(stable: u32): void {
  atomicAdd(CTL_STALE_NODES, -1);
  for (let slot = load(stable + STABLE_FIRST); slot != 0; slot = load(slot + RMAP_NEXT)) {
    add(load(slot + RMAP_NEXT) != 0 ? CTL_PAGES_SHARING : CTL_PAGES_SHARED, -1);
    add(guestOf(slot) + GUEST_MERGING_PAGES, -1);
    store(slot + RMAP_FLAGS, load(slot + RMAP_FLAGS) & ~RMAP_STABLE);
    store(slot + RMAP_CHANGES, 0);
  }
  if (load(stable + STABLE_HEAD) == <u32>STABLE_DUP) removeDup(stable);
  else treeErase(rootOf(stable), stable);
  stableNodeRelease(stable);
}

/**
 * Puts a chain in the tree where `stable` stands, with `stable` as its only dup. The chain, or 0 if
 * the table is full.
 */
export function chainCreate(stable: u32, nowMs: u32): u32 {
  const chain = take();
  if (chain == 0) return 0;
  store(chain + STABLE_LENGTH, STABLE_CHAIN);
  store(chain + STABLE_PRUNE_MS, nowMs);
  store(chain + STABLE_NUMA_NODE, load(stable + STABLE_NUMA_NODE) & STABLE_NUMA_NODE_MASK);
  add(CTL_STABLE_NODE_CHAINS, 1);
  treeReplace(rootOf(stable), stable, chain);
  chainAdd(chain, stable);
  return chain;
}

/** One more dup. */
export function chainAdd(chain: u32, stable: u32): void {
  store(stable + STABLE_HEAD, STABLE_DUP);
  store(stable + STABLE_NUMA_NODE, load(stable + STABLE_NUMA_NODE) & STABLE_NUMA_NODE_MASK);
  store(stable + STABLE_OWNER, chain);
  link(chain, stable);
  add(CTL_STABLE_NODE_DUPS, 1);
}

/** The next search looks at this dup of its chain first. */
export function chainMoveToFront(dup: u32): void {
  unlink(dup);
  link(load(dup + STABLE_OWNER), dup);
}

/** Lets the chain's only dup take its place in the tree. */
export function chainCollapse(chain: u32): void {
  const dup = load(chain + STABLE_FIRST);
  removeDup(dup);
  treeReplace(rootOf(chain), chain, dup);
  add(CTL_STABLE_NODE_CHAINS, -1);
  stableNodeRelease(chain);
}

/** Removes a chain that has no dups. */
export function chainRemove(chain: u32): void {
  treeErase(rootOf(chain), chain);
  add(CTL_STABLE_NODE_CHAINS, -1);
  stableNodeRelease(chain);
}

function rootOf(stable: u32): u32 {
  return CTL_STABLE_ROOTS + (load(stable + STABLE_NUMA_NODE) & STABLE_NUMA_NODE_MASK);
}

function removeDup(dup: u32): void {
  unlink(dup);
  add(CTL_STABLE_NODE_DUPS, -1);
}

function link(chain: u32, dup: u32): void {
  const first = load(chain + STABLE_FIRST);
  store(dup + STABLE_DUP_NEXT, first);
  store(dup + STABLE_DUP_PREV, 0);
  if (first != 0) store(first + STABLE_DUP_PREV, dup);
  store(chain + STABLE_FIRST, dup);
}

function unlink(dup: u32): void {
  const next = load(dup + STABLE_DUP_NEXT);
  const prev = load(dup + STABLE_DUP_PREV);
  if (prev != 0) store(prev + STABLE_DUP_NEXT, next);
  else store(load(dup + STABLE_OWNER) + STABLE_FIRST, next);
  if (next != 0) store(next + STABLE_DUP_PREV, prev);
}

function take(): u32 {
  let stable = load(CTL_STABLE_NODE_FREE);
  if (stable != 0) store(CTL_STABLE_NODE_FREE, load(stable));
  else {
    if (load(CTL_STABLE_NODE_FRESH) == load(CTL_STABLE_NODES)) return 0;
    stable = load(CTL_STABLE_NODE_TABLE) + load(CTL_STABLE_NODE_FRESH) * STABLE_NODE_WORDS;
    add(CTL_STABLE_NODE_FRESH, 1);
  }
  for (let word: u32 = 0; word < <u32>STABLE_NODE_WORDS; word++) store(stable + word, 0);
  add(CTL_STABLE_NODES_USED, 1);
  return stable;
}
