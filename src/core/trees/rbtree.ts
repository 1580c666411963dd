/**
 * Red-black trees over nodes that live inside other structures: the first three words of a slot or
 * of a stable node.
 *
 * Promises the same shape as Linux's trees after the same calls. The shape decides which nodes a
 * search passes, and so which stale nodes get removed. Linux follows the textbook (Cormen et al.,
 * chapter 13; a node with two children is replaced by its successor), and so does this. A root is
 * the pointer of the word that holds the topmost node. Knows nothing of order: callers link a node
 * where it belongs.
 */
import { RB_BLACK, RB_LEFT, RB_PARENT_COLOR, RB_RED, RB_RIGHT } from '../layout';
import { load, store } from '../words';

function parentOf(node: u32): u32 {
  return load(node + RB_PARENT_COLOR) >> 1;
}

function isRed(node: u32): bool {
  return node != 0 && (load(node + RB_PARENT_COLOR) & 1) == RB_RED;
}

function setParent(node: u32, parent: u32): void {
  store(node + RB_PARENT_COLOR, (parent << 1) | (load(node + RB_PARENT_COLOR) & 1));
}

function setColor(node: u32, color: u32): void {
  store(node + RB_PARENT_COLOR, (load(node + RB_PARENT_COLOR) & ~1) | color);
}

/** Lets whatever pointed down at `old` (its parent's link, or the root) point at `replacement`. */
function relink(root: u32, parent: u32, old: u32, replacement: u32): void {
  if (parent == 0) store(root, replacement);
  else if (load(parent + RB_LEFT) == old) store(parent + RB_LEFT, replacement);
  else store(parent + RB_RIGHT, replacement);
}

/**
 * Turns `node` down to the side of `down` (RB_LEFT or RB_RIGHT); its child on the other side takes
 * its place. Colours stay with the nodes.
 */
function rotate(root: u32, node: u32, down: u32): void {
  const up = RB_LEFT + RB_RIGHT - down;
  const child = load(node + up);
  const inner = load(child + down);
  const parent = parentOf(node);
  store(node + up, inner);
  if (inner != 0) setParent(inner, node);
  store(child + down, node);
  setParent(child, parent);
  relink(root, parent, node, child);
  setParent(node, child);
}

/**
 * Hangs `node`, red and without children, on the word `link` (a child word of `parent`, or the root
 * when `parent` is 0), then rebalances.
 */
export function treeInsert(root: u32, node: u32, parent: u32, link: u32): void {
  store(node + RB_PARENT_COLOR, (parent << 1) | RB_RED);
  store(node + RB_LEFT, 0);
  store(node + RB_RIGHT, 0);
  store(link, node);

  let current = node;
  for (;;) {
    const above = parentOf(current);
    if (above == 0) {
      setColor(current, RB_BLACK);
      return;
    }
    if (!isRed(above)) return;
    const grand = parentOf(above);
    const side: u32 = load(grand + RB_LEFT) == above ? RB_LEFT : RB_RIGHT;
    const other: u32 = RB_LEFT + RB_RIGHT - side;
    const uncle = load(grand + other);
    if (isRed(uncle)) {
      setColor(above, RB_BLACK);
      setColor(uncle, RB_BLACK);
      setColor(grand, RB_RED);
      current = grand;
      continue;
    }
    let top = above;
    if (load(above + other) == current) {
      rotate(root, above, side);
      top = current;
    }
    setColor(top, RB_BLACK);
    setColor(grand, RB_RED);
    rotate(root, grand, other);
    return;
  }
}

/** Takes `node` out of the tree and rebalances. The node's words are left as they are. */
export function treeErase(root: u32, node: u32): void {
  const left = load(node + RB_LEFT);
  const right = load(node + RB_RIGHT);
  let child: u32;
  let parent: u32;
  let removedBlack: bool;
  if (left == 0 || right == 0) {
    child = left == 0 ? right : left;
    parent = parentOf(node);
    removedBlack = !isRed(node);
    relink(root, parent, node, child);
  } else {
    let next = right;
    while (load(next + RB_LEFT) != 0) next = load(next + RB_LEFT);
    child = load(next + RB_RIGHT);
    removedBlack = !isRed(next);
    if (next == right) {
      parent = next;
    } else {
      parent = parentOf(next);
      store(parent + RB_LEFT, child);
      store(next + RB_RIGHT, right);
      setParent(right, next);
    }
    store(next + RB_LEFT, left);
    setParent(left, next);
    relink(root, parentOf(node), node, next);
    store(next + RB_PARENT_COLOR, load(node + RB_PARENT_COLOR));
  }
  if (child != 0) setParent(child, parent);
  if (removedBlack) fillBlack(root, child, parent);
}

/**
 * `node` (maybe none), a child of `parent`, is one black short: repaired by recolouring upwards and
 * at most three rotations.
 */
function fillBlack(root: u32, node: u32, parent: u32): void {
  while (parent != 0 && !isRed(node)) {
    const side: u32 = load(parent + RB_LEFT) == node ? RB_LEFT : RB_RIGHT;
    const other: u32 = RB_LEFT + RB_RIGHT - side;
    let sibling = load(parent + other);
    if (isRed(sibling)) {
      setColor(sibling, RB_BLACK);
      setColor(parent, RB_RED);
      rotate(root, parent, side);
      sibling = load(parent + other);
    }
    if (!isRed(load(sibling + RB_LEFT)) && !isRed(load(sibling + RB_RIGHT))) {
      setColor(sibling, RB_RED);
      node = parent;
      parent = parentOf(node);
      continue;
    }
    if (!isRed(load(sibling + other))) {
      setColor(load(sibling + side), RB_BLACK);
      setColor(sibling, RB_RED);
      rotate(root, sibling, other);
      sibling = load(parent + other);
    }
    setColor(sibling, load(parent + RB_PARENT_COLOR) & 1);
    setColor(parent, RB_BLACK);
    setColor(load(sibling + other), RB_BLACK);
    rotate(root, parent, side);
    return;
  }
  if (node != 0) setColor(node, RB_BLACK);
}

/** Puts `replacement` where `node` was: same neighbours, same colour, same shape. */
export function treeReplace(root: u32, node: u32, replacement: u32): void {
  store(replacement + RB_PARENT_COLOR, load(node + RB_PARENT_COLOR));
  store(replacement + RB_LEFT, load(node + RB_LEFT));
  store(replacement + RB_RIGHT, load(node + RB_RIGHT));
  relink(root, parentOf(node), node, replacement);
  if (load(node + RB_LEFT) != 0) setParent(load(node + RB_LEFT), replacement);
  if (load(node + RB_RIGHT) != 0) setParent(load(node + RB_RIGHT), replacement);
}
