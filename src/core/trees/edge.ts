/**
 * The tree's two edges: the nodes that a search comes to before it has passed both a smaller and a
 * larger page.
 *
 * With one bound only, nothing is known of how the page looked for compares with the next node. It
 * would have to be compared from its first byte, two or three times a search. But to such a node
 * there is one way, always left or always right, so its bound is the node above it. How many bytes
 * those two share is kept here, and tells as much as the comparison would (descent.ts). Entries are
 * kept by depth; each is good for the very two nodes it names.
 *
 * Knows nothing of when pages change. Whoever keeps a count has seen that neither page did
 * meanwhile, and whoever lets a node leave its tree calls edgeForget. Scanner only.
 */
import {
  CTL_EDGES,
  EDGE_BOUND,
  EDGE_DEPTHS,
  EDGE_EQUAL,
  EDGE_NODE,
  EDGE_TREE_WORDS,
  EDGE_WORDS,
} from '../layout';
import { load, store } from '../words';

function entryOf(tree: u32, isLeft: bool, depth: u32): u32 {
  return CTL_EDGES + tree * EDGE_TREE_WORDS + ((isLeft ? EDGE_DEPTHS : 0) + depth) * EDGE_WORDS;
}

/**
 * How many leading bytes the pages of `node` and of its bound share; -1 if that is not known.
 * `depth`: the same whenever a search comes to the node.
 */
export function edgeEqual(tree: u32, isLeft: bool, depth: u32, node: u32, bound: u32): i32 {
  if (depth >= <u32>EDGE_DEPTHS) return -1;
  const entry = entryOf(tree, isLeft, depth);
  return load(entry + EDGE_NODE) == node && load(entry + EDGE_BOUND) == bound
    ? <i32>load(entry + EDGE_EQUAL)
    : -1;
}

/** Keeps what edgeEqual is to answer. */
export function edgeKeep(
  tree: u32,
  isLeft: bool,
  depth: u32,
  node: u32,
  bound: u32,
  shared: u32,
): void {
  if (depth >= <u32>EDGE_DEPTHS) return;
  const entry = entryOf(tree, isLeft, depth);
  store(entry + EDGE_NODE, node);
  store(entry + EDGE_BOUND, bound);
  store(entry + EDGE_EQUAL, shared);
}

/** `node` leaves the tree: whatever has its pointer later is another page. */
export function edgeForget(tree: u32, node: u32): void {
  const first = entryOf(tree, false, 0);
  for (let entry = first; entry < first + EDGE_TREE_WORDS; entry += EDGE_WORDS) {
    if (load(entry + EDGE_NODE) == node || load(entry + EDGE_BOUND) == node)
      store(entry + EDGE_NODE, 0);
  }
}

/** The tree is emptied. */
export function edgeForgetAll(tree: u32): void {
  const first = entryOf(tree, false, 0);
  for (let word = first; word < first + EDGE_TREE_WORDS; word++) store(word, 0);
}
