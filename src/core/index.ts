/**
 * The wasm core: what is done to shared memory page by page. One module; each thread has an
 * instance of it over the one memory. What its exports do is said where they are written.
 *
 * The scanner's problem. It goes over the pages that guests have advised mergeable, page by page,
 * for ever, and at each asks: is there another page with these bytes? Pages can be found by what
 * they hold only if a tree keeps them in that order. But a guest may write to its page at any
 * moment, and then the tree is out of order around that page. Write-protecting every page that is
 * looked at would keep the order, and cost every guest a fault for every page it goes on using. So
 * there are two trees.
 *
 * The stable tree holds pages that are merged already. Several ptes map one frame, all of them
 * write-protected, so its bytes cannot change, and a search can trust it. A guest that writes gets
 * a copy of its own first (src/machine/page-access.ts). The frame stays as it is for the others,
 * and is freed with the last of them. Its node is left in the tree without a page, and goes when a
 * search passes it.
 *
 * The unstable tree holds pages seen once and not found anywhere yet. They are not protected, and
 * any of them may have changed since it was put in. Linux accepts that. A search may go the wrong
 * way and miss a twin, which costs nothing but a merge put off; and what it finds is compared once
 * more before it is merged. Two things keep the disorder small. A page whose checksum has changed
 * since the last visit is not put in, since it will change again. And the whole tree is thrown away
 * at the start of each full scan, so no damage lasts. Trees are red-black, so a search is short
 * even where pages stand in wrong places.
 *
 * So a visit asks: has the page changed since last time? Then it is left alone. Has the stable tree
 * an equal page? Then the pte is switched to that frame and the page's own is freed. Has the
 * unstable tree? Then the two become a KSM page, which goes into the stable tree. Otherwise the
 * page goes into the unstable tree and waits. The order of these questions differs from kernel to
 * kernel (src/ksm/kernels.ts).
 *
 * Three folders, each importing only those before it. `memory/`: frames, references to them, the
 * pte's lock. `trees/`: the two trees, and what a search may believe. `scan/`: the walk over slots,
 * the visit, the merge. `layout.ts` names every word that is shared; only `words.ts` touches one.
 */

export { fillable, fillPages } from './memory/fill';
export {
  configure,
  frameCopy,
  framesEqual,
  framesMismatch,
  frameZero,
} from './memory/frames';
export { loadFew } from './memory/load-few';
export { countZeroPage, frameFor, populate, unmapFrame } from './memory/mappings';
export { loadBuffer, nameHolder, pteRelease, pteTake } from './memory/pte';
export { frameGet, frameNew, framePut, setFolio } from './memory/references';
export {
  enterKhugepaged,
  isOneMapping,
  mapSmall,
  newFolio,
  stretchStart,
  stretchWord,
  touch,
} from './memory/stretches';
export { rmapItemCreate, rmapItemMove } from './scan/rmap-items';
export { dropItems, walk } from './scan/walk';
export { edgeForgetAll } from './trees/edge';
export { stableNodeAppend } from './trees/stable-nodes';
export { stableInsert, stableRemoveStale } from './trees/stable-tree';
export { unstableAbandon, unstableReset } from './trees/unstable-tree';
