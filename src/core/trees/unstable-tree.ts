/**
 * The unstable tree: pages seen unchanged, in order of what they held when they came in. Nothing
 * protects them from being written, so the tree is emptied at the start of each full scan and
 * whatever it finds is compared again before it is merged. One tree for each NUMA node when pages
 * are not merged across nodes. Scanner only.
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
} from '../layout';
import { pteRelease, pteTryTake } from '../memory/pte';
import { numaNodeOf } from '../memory/references';
import { at, change, put } from '../words';
import { edgeForget, edgeForgetAll } from './edge';
import { treeErase, treeInsert, treeReplace } from './rbtree';
import { isTrusted, unstableSample, unstableSearch } from './unstable-search';

/**
 * Forgets all nodes. Their rmap items go on saying that they are in the tree, of a generation past.
 */
export function unstableReset(): void {
  for (let root: u32 = CTL_UNSTABLE_ROOTS; root < <u32>(CTL_UNSTABLE_ROOTS + MAX_NODES); root++)
    put(root, 0);
  edgeForgetAll(EDGE_UNSTABLE);
}

/**
 * Empties the tree in the middle of a full scan: the rmap items in it are of a generation past from
 * now on.
 */
export function unstableAbandon(): void {
  const past = ((generation() - 1) & 0xff) << RMAP_SEQNR_SHIFT;
  for (let root: u32 = CTL_UNSTABLE_ROOTS; root < <u32>(CTL_UNSTABLE_ROOTS + MAX_NODES); root++) {
    for (let slot = at(root); slot != 0; slot = at(root)) {
      treeErase(root, slot);
      put(slot + RMAP_FLAGS, (at(slot + RMAP_FLAGS) & ~RMAP_SEQNR_MASK) | past);
    }
  }
  edgeForgetAll(EDGE_UNSTABLE);
}

/**
 * The slot of a page with the content of `frame`, if there is one; otherwise puts `slot`, whose
 * frame that is, into the tree and returns 0. Also 0 if a page on the way is gone, or the equal one
 * is of another NUMA node: then nothing is inserted.
 */
export function unstableFindOrInsert(slot: u32, frame: u32, node: u32, acrossNodes: bool): u32 {
  const root = CTL_UNSTABLE_ROOTS + node;
  const answer = unstableSearch(root, frame);
  if (answer == SEARCH_FOUND) {
    const found = at(CTL_FOUND_NODE);
    return acrossNodes || numaNodeOf(at(found + PTE_FRAME)) == node ? found : 0;
  }
  if (answer != SEARCH_ABSENT) return 0;
  const flags =
    at(slot + RMAP_FLAGS) & ~(RMAP_SEQNR_MASK | RMAP_NODE_MASK | RMAP_TRUSTED | RMAP_SAMPLED);
  const trust = isTrusted ? RMAP_TRUSTED | sample(slot) : 0;
  put(
    slot + RMAP_FLAGS,
    flags | RMAP_UNSTABLE | (generation() << RMAP_SEQNR_SHIFT) | (node << RMAP_NODE_SHIFT) | trust,
  );
  treeInsert(root, slot, at(CTL_FOUND_PARENT), at(CTL_FOUND_LINK));
  change(CTL_PAGES_UNSHARED, 1);
  return 0;
}

/**
 * Takes out an rmap item that says it is in the tree. One of a generation past has only its flag to
 * lose.
 */
export function unstableRemove(slot: u32): void {
  const flags = at(slot + RMAP_FLAGS);
  if (isOfNow(flags)) {
    treeErase(rootOf(flags), slot);
    edgeForget(EDGE_UNSTABLE, slot);
  }
  put(slot + RMAP_FLAGS, flags & ~RMAP_UNSTABLE);
  change(CTL_PAGES_UNSHARED, -1);
}

/** `to` takes over the place and the flags that the rmap item `from` has in the tree. */
export function unstableMove(from: u32, to: u32): void {
  const flags = at(from + RMAP_FLAGS);
  if (!isOfNow(flags)) return;
  treeReplace(rootOf(flags), from, to);
  edgeForget(EDGE_UNSTABLE, from);
}

/**
 * Keeps a sample of the page, unless it is being written or has been. RMAP_SAMPLED if so, otherwise
 * 0.
 */
function sample(slot: u32): u32 {
  const state = pteTryTake(slot);
  if (state == -1) return 0;
  const clean = (state & PTE_DIRTY) == 0;
  if (clean) unstableSample(slot);
  pteRelease(slot, clean ? state & ~PTE_HASHED : state);
  return clean ? RMAP_SAMPLED : 0;
}

function isOfNow(flags: u32): bool {
  return (flags & RMAP_SEQNR_MASK) >> RMAP_SEQNR_SHIFT == generation();
}

function rootOf(flags: u32): u32 {
  return CTL_UNSTABLE_ROOTS + ((flags & RMAP_NODE_MASK) >> RMAP_NODE_SHIFT);
}

function generation(): u32 {
  return at(CTL_SEQNR) & 0xff;
}
