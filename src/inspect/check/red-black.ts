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

/**
 * Calls `visit` with the nodes of a tree from left to right. Says what breaks the rules; goes no
 * further below a node that cannot be one.
 */
export function walkInOrder(
  tree: CheckedTree,
  root: number,
  treeName: string,
  visit: (node: number) => void,
): void {
  const { i32, met } = tree;

  /** Goes through what is below and at `node`; its black height, or NaN where there is none. */
  const walk = (node: number, parent: number, parentRed: boolean, depth: number): number => {
    if (node === 0) return 0;
    if (!tree.isNode(node) || depth > MAX_DEPTH || !met.add(node)) {
      const name = tree.isNode(node) ? tree.name(node) : `word ${node}`;
      const why = !tree.isNode(node)
        ? 'is no node'
        : depth > MAX_DEPTH
          ? 'is too deep'
          : 'is met twice';
      tree.say(`${treeName}: ${name} ${why}`);
      return Number.NaN;
    }
    const color = i32[node + RB_PARENT_COLOR] & 1;
    if (i32[node + RB_PARENT_COLOR] >>> 1 !== parent)
      tree.say(`${treeName}: ${tree.name(node)} names a parent that it does not hang from`);
    if (color === RB_RED && parentRed)
      tree.say(`${treeName}: ${tree.name(node)} is red, and so is its parent`);
    if (color === RB_RED && parent === 0)
      tree.say(`${treeName}: the topmost node, ${tree.name(node)}, is red`);
    const left = walk(i32[node + RB_LEFT], node, color === RB_RED, depth + 1);
    visit(node);
    const right = walk(i32[node + RB_RIGHT], node, color === RB_RED, depth + 1);
    if (left !== right && !Number.isNaN(left) && !Number.isNaN(right)) {
      tree.say(
        `${treeName}: below ${tree.name(node)} there are ${left} black nodes on the left ` +
          `and ${right} on the right`,
      );
    }
    return left + (color === RB_BLACK ? 1 : 0);
  };

  walk(i32[root], 0, false, 0);
}
