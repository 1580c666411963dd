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
export { searchProven, searchTrusted, stableResume, stableSample, stableSearch, unstableSample, unstableSearch } from './search';
export { settledRun } from './settled';
