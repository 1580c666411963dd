/**
 * The unstable tree: pages seen unchanged, in order of what they held when they came in. Nothing
 * protects them from being written, so the tree is emptied at the start of each full scan and
 * whatever it finds is compared again before it is merged. One tree for each NUMA node when pages
 * are not merged across nodes. Scanner only.
 */
import {
  CTL_PAGES_UNSHARED,
  CTL_SEQNR,
  CTL_UNSTABLE_ROOTS,
  EDGE_UNSTABLE,
  MAX_NUMA_NODES,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HASHED,
  RMAP_CHANGES,
  RMAP_EXCERPTED,
  RMAP_FLAGS,
  RMAP_NUMA_NODE_MASK,
  RMAP_NUMA_NODE_SHIFT,
  RMAP_SEQNR_MASK,
  RMAP_SEQNR_SHIFT,
  RMAP_TRUSTED,
  RMAP_UNSTABLE,
  SEARCH_ABSENT,
  SEARCH_FOUND,
} from '../layout';
import { pteRelease, pteTryTake } from '../memory/pte';
import { numaNodeOf } from '../memory/references';
import { add, load, store } from '../words';
import { foundNode, link, parent } from './descent';
import { edgeForget, edgeForgetAll } from './edge';
import { treeErase, treeInsert, treeReplace } from './rbtree';
import { isTrusted, unstableExcerpt, unstableSearch } from './unstable-search';

/**
 * Forgets all nodes. Their rmap items go on saying that they are in the tree, of a generation past.
 */
export function unstableReset(): void {
  for (
    let root: u32 = CTL_UNSTABLE_ROOTS;
    root < <u32>(CTL_UNSTABLE_ROOTS + MAX_NUMA_NODES);
    root++
  )
    store(root, 0);
  edgeForgetAll(EDGE_UNSTABLE);
}

/**
 * Empties the tree in the middle of a full scan: the rmap items in it are of a generation past from
 * now on.
 */
export function unstableAbandon(): void {
  const past = ((generation() - 1) & 0xff) << RMAP_SEQNR_SHIFT;
  for (
    let root: u32 = CTL_UNSTABLE_ROOTS;
    root < <u32>(CTL_UNSTABLE_ROOTS + MAX_NUMA_NODES);
    root++
  ) {
    for (let slot = load(root); slot != 0; slot = load(root)) {
      treeErase(root, slot);
      store(slot + RMAP_FLAGS, (load(slot + RMAP_FLAGS) & ~RMAP_SEQNR_MASK) | past);
    }
  }
  edgeForgetAll(EDGE_UNSTABLE);
}

/**
 * The slot of a page with the content of `frame`, if there is one; otherwise puts `slot`, whose
 * frame that is, into the tree and returns 0. Also 0 if a page on the way is gone, or the equal one
 * is of another NUMA node: then nothing is inserted.
 */
export function unstableFindOrInsert(slot: u32, frame: u32, numaNode: u32, acrossNodes: bool): u32 {
  const root = CTL_UNSTABLE_ROOTS + numaNode;
  const answer = unstableSearch(root, frame);
  if (answer == SEARCH_FOUND) {
    return acrossNodes || numaNodeOf(load(foundNode + PTE_FRAME)) == numaNode ? foundNode : 0;
  }
  if (answer != SEARCH_ABSENT) return 0;
  const flags =
    load(slot + RMAP_FLAGS) &
    ~(RMAP_SEQNR_MASK | RMAP_NUMA_NODE_MASK | RMAP_TRUSTED | RMAP_EXCERPTED);
  const trust = isTrusted ? RMAP_TRUSTED | keepExcerpt(slot) : 0;
  store(
    slot + RMAP_FLAGS,
    flags |
      RMAP_UNSTABLE |
      (generation() << RMAP_SEQNR_SHIFT) |
      (numaNode << RMAP_NUMA_NODE_SHIFT) |
      trust,
  );
  treeInsert(root, slot, parent, link);
  add(CTL_PAGES_UNSHARED, 1);
  return 0;
}

/**
 * Takes out an rmap item that says it is in the tree. One of a generation past has only its flag to
 * lose.
 */
export function unstableRemove(slot: u32): void {
  const flags = load(slot + RMAP_FLAGS);
  if (isOfNow(flags)) {
    treeErase(rootOf(flags), slot);
    edgeForget(EDGE_UNSTABLE, slot);
  }
  store(slot + RMAP_FLAGS, flags & ~RMAP_UNSTABLE);
  store(slot + RMAP_CHANGES, 0);
  add(CTL_PAGES_UNSHARED, -1);
}

/** `to` takes over the place and the flags that the rmap item `from` has in the tree. */
export function unstableMove(from: u32, to: u32): void {
  const flags = load(from + RMAP_FLAGS);
  if (!isOfNow(flags)) return;
  treeReplace(rootOf(flags), from, to);
  edgeForget(EDGE_UNSTABLE, from);
}

/**
 * Keeps an excerpt of the page, unless it is being written or has been. RMAP_EXCERPTED if so,
 * otherwise 0.
 */
function keepExcerpt(slot: u32): u32 {
  const state = pteTryTake(slot);
  if (state == -1) return 0;
  const clean = (state & PTE_DIRTY) == 0;
  if (clean) unstableExcerpt(slot);
  pteRelease(slot, clean ? state & ~PTE_HASHED : state);
  return clean ? RMAP_EXCERPTED : 0;
}

function isOfNow(flags: u32): bool {
  return (flags & RMAP_SEQNR_MASK) >> RMAP_SEQNR_SHIFT == generation();
}

function rootOf(flags: u32): u32 {
  return CTL_UNSTABLE_ROOTS + ((flags & RMAP_NUMA_NODE_MASK) >> RMAP_NUMA_NODE_SHIFT);
}

function generation(): u32 {
  return load(CTL_SEQNR) & 0xff;
}
