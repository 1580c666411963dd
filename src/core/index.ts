/**
 * The wasm core: bytes and nodes, no policy. One module, instantiated once a thread over the one shared memory.
 */
export { edgeForget, edgeForgetAll } from './edge';
export {
  configure,
  frameCopy,
  frameGive,
  framesEqual,
  framesMismatch,
  frameTake,
  frameZero,
} from './frames';
export { treeErase, treeInsert, treeReplace } from './rbtree';
export { settledRun } from './settled';
export { stableResume, stableSample, stableSearch } from './stable-search';
export { searchProven, searchTrusted, unstableSample, unstableSearch } from './unstable-search';
