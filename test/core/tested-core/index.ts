/**
 * The core with its inner parts to be called one by one: what the tests drive step by step, and the
 * daemon only as part of a visit.
 */

export * from '../../../src/core/index';
export { frameGive, frameTake } from '../../../src/core/memory/frames';
export { setStableNode } from '../../../src/core/memory/references';
export { mergeIntoStable, mergeIntoZeroPage, mergeTwins } from '../../../src/core/scan/merge';
export { treeErase, treeInsert, treeReplace } from '../../../src/core/trees/rbtree';
export {
  chainAdd,
  chainCollapse,
  chainCreate,
  chainRemove,
  stableNodeCreate,
  stableNodeRemove,
} from '../../../src/core/trees/stable-nodes';
export {
  stableExcerpt,
  stableResume,
  stableSearch,
} from '../../../src/core/trees/stable-search';
export { unstableSearch } from '../../../src/core/trees/unstable-search';
export { unstableFindOrInsert, unstableRemove } from '../../../src/core/trees/unstable-tree';

import { foundNode, link, parent } from '../../../src/core/trees/descent';

/** What the last search found, or where the page belongs. */
export function searchNode(): u32 {
  return foundNode;
}

export function searchParent(): u32 {
  return parent;
}

export function searchLink(): u32 {
  return link;
}
