/** Red-black trees, checked: parent links, colours, equal black heights, no node met twice. */
import { RB_BLACK, RB_LEFT, RB_PARENT_COLOR, RB_RED, RB_RIGHT } from '../../core/layout.js';

/** No tree that can be had in 4 GiB is deeper than this. */
const MAX_DEPTH = 128;

export interface TreeWords {
  readonly i32: Int32Array;
  /** Whether a word may be the first of a node. */
  isNode(pointer: number): boolean;
  /** How to name a node in a sentence. */
  name(node: number): string;
  say(sentence: string): void;
}

/**
 * The nodes of a tree from left to right. Says what breaks the rules; goes no further below a node
 * that cannot be one.
 */
export function nodesInOrder(tree: TreeWords, root: number, treeName: string): number[] {
  const { i32 } = tree;
  const nodes: number[] = [];
  const met = new Set<number>();

  /** Visits what is below and at `node`; its black height, or NaN where that cannot be said. */
  const visit = (node: number, parent: number, parentRed: boolean, depth: number): number => {
    if (node === 0) return 0;
    if (!tree.isNode(node) || met.has(node) || depth > MAX_DEPTH) {
      const why = met.has(node) ? 'is met twice' : depth > MAX_DEPTH ? 'is too deep' : 'is no node';
      tree.say(`${treeName}: ${tree.isNode(node) ? tree.name(node) : `word ${node}`} ${why}`);
      return Number.NaN;
    }
    met.add(node);
    const color = i32[node + RB_PARENT_COLOR] & 1;
    if (i32[node + RB_PARENT_COLOR] >>> 1 !== parent)
      tree.say(`${treeName}: ${tree.name(node)} names a parent that it does not hang from`);
    if (color === RB_RED && parentRed)
      tree.say(`${treeName}: ${tree.name(node)} is red, and so is its parent`);
    if (color === RB_RED && parent === 0)
      tree.say(`${treeName}: the topmost node, ${tree.name(node)}, is red`);
    const left = visit(i32[node + RB_LEFT], node, color === RB_RED, depth + 1);
    nodes.push(node);
    const right = visit(i32[node + RB_RIGHT], node, color === RB_RED, depth + 1);
    if (left !== right && !Number.isNaN(left) && !Number.isNaN(right)) {
      tree.say(
        `${treeName}: below ${tree.name(node)} there are ${left} black nodes on the left ` +
          `and ${right} on the right`,
      );
    }
    return left + (color === RB_BLACK ? 1 : 0);
  };

  visit(i32[root], 0, false, 0);
  return nodes;
}
