/**
 * The wasm core: what a thread does to shared memory page by page. One module, instantiated once a
 * thread over the one memory.
 */

export {
  configure,
  frameCopy,
  frameGive,
  framesEqual,
  framesMismatch,
  frameTake,
  frameZero,
} from './memory/frames';
export { loadFew } from './memory/load-few';
export { countZeroPage, populate, unmapFrame } from './memory/mappings';
export { loadBuffer, nameHolder, pteRelease, pteTake } from './memory/pte';
export { frameGet, framePut, setStableNode } from './memory/references';
export { mergeIntoStable, mergeIntoZeroPage, mergeTwins } from './scan/merge';
export { rmapItemCreate, rmapItemMove } from './scan/rmap-items';
export { dropItems, walk } from './scan/walk';
export { edgeForgetAll } from './trees/edge';
export { treeErase, treeInsert, treeReplace } from './trees/rbtree';
export {
  chainAdd,
  chainCollapse,
  chainCreate,
  chainRemove,
  stableNodeAppend,
  stableNodeCreate,
  stableNodeRemove,
} from './trees/stable-nodes';
export { stableResume, stableSample, stableSearch } from './trees/stable-search';
export { stableInsert, stableRemoveStale } from './trees/stable-tree';
export { unstableSearch } from './trees/unstable-search';
export {
  unstableAbandon,
  unstableFindOrInsert,
  unstableRemove,
  unstableReset,
} from './trees/unstable-tree';
