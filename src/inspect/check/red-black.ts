/** Red-black trees, checked: parent links, colours, equal black heights, no node met twice. */
import { RB_BLACK, RB_LEFT, RB_PARENT_COLOR, RB_RED, RB_RIGHT } from '../../core/layout.js';
import type { EntrySet } from './entry-set.js';

/** No tree that can be had in 4 GiB is deeper than this. */
const MAX_DEPTH = 128;

export interface CheckedTree {
  readonly i32: Int32Array;
  /** Whether a word may be the first of a node. */
  isNode(pointer: number): boolean;
  /** The nodes that were met: one on several trees is met twice. */
  readonly met: EntrySet;
  /** How to name a node in a sentence. */
  name(node: number): string;
  say(sentence: string): void;
}

/** A left side that is not gone through yet. */
const UNDER_WAY = -1;

/**
 * The nodes of a tree from left to right. Says what breaks the rules; goes no further below a node
 * that cannot be one.
 */
export function* nodesInOrder(
  tree: CheckedTree,
  root: number,
  treeName: string,
): Generator<number, void, void> {
  const { i32 } = tree;
  /** The way down to where the walk stands, and the black heights of what is left of each node. */
  const path: number[] = [];
  const lefts: number[] = [];
  let next = i32[root];
  for (;;) {
    while (next !== 0 && isSound(tree, next, path, treeName)) {
      path.push(next);
      lefts.push(UNDER_WAY);
      next = i32[next + RB_LEFT];
    }
    // The black height of what the walk comes back from; NaN where there is none.
    let height = next === 0 ? 0 : Number.NaN;
    let node = path.pop();
    let left = lefts.pop();
    while (node !== undefined && left !== undefined && left !== UNDER_WAY) {
      if (left !== height && !Number.isNaN(left) && !Number.isNaN(height))
        tree.say(
          `${treeName}: below ${tree.name(node)} there are ${left} black nodes on the left ` +
            `and ${height} on the right`,
        );
      height = left + (colorOf(i32, node) === RB_BLACK ? 1 : 0);
      node = path.pop();
      left = lefts.pop();
    }
    if (node === undefined) return;
    yield node;
    path.push(node);
    lefts.push(height);
    next = i32[node + RB_RIGHT];
  }
}

/** Whether `node` can be one below the last node of `path`. Says what is wrong about it. */
function isSound(
  tree: CheckedTree,
  node: number,
  path: readonly number[],
  treeName: string,
): boolean {
  const { i32, met } = tree;
  const isTooDeep = path.length > MAX_DEPTH;
  if (!tree.isNode(node) || isTooDeep || !met.add(node)) {
    const name = tree.isNode(node) ? tree.name(node) : `word ${node}`;
    const why = !tree.isNode(node) ? 'is no node' : isTooDeep ? 'is too deep' : 'is met twice';
    tree.say(`${treeName}: ${name} ${why}`);
    return false;
  }
  const parent = path.at(-1) ?? 0;
  if (i32[node + RB_PARENT_COLOR] >>> 1 !== parent)
    tree.say(`${treeName}: ${tree.name(node)} names a parent that it does not hang from`);
  if (colorOf(i32, node) === RB_RED) {
    if (parent === 0) tree.say(`${treeName}: the topmost node, ${tree.name(node)}, is red`);
    else if (colorOf(i32, parent) === RB_RED)
      tree.say(`${treeName}: ${tree.name(node)} is red, and so is its parent`);
  }
  return true;
}

function colorOf(i32: Int32Array, node: number): number {
  return i32[node + RB_PARENT_COLOR] & 1;
}
