/**
 * The wasm core: what is done to shared memory page by page. One module, instantiated once a thread
 * over the one memory. What its exports do is said where they are written.
 *
 * What the scanner is up against. It goes over the pages that guests have advised mergeable, page
 * by page, for ever, and at each asks: is there another page with these bytes? Pages can be found
 * by what they hold only if they are kept in some order of it, in a tree; but a guest may write to
 * its page at any moment, and then the tree is out of order around it. Write-protecting every page
 * that is looked at would keep the order, and cost every guest a fault for every page it goes on
 * using. So there are two trees.
 *
 * The stable tree holds pages that are merged already. Several ptes map one frame, all of them
 * write-protected, so its bytes cannot change, and a search can trust it. A guest that writes gets
 * a copy of its own first (src/machine/page-access.ts); the frame stays as it is for the others,
 * and is freed with the last of them. What is left in the tree then is a node without a page, which
 * goes when a search passes it.
 *
 * The unstable tree holds pages seen once and not found anywhere yet. They are not protected, and
 * any of them may have changed since it was put in. Linux accepts that: a search may go the wrong
 * way and miss a twin, which costs nothing but a merge put off, and whatever it finds is compared
 * once more before it is merged. Two things keep the disorder small: a page whose checksum is
 * another than at the last visit is not put in at all, since it will change again; and the whole
 * tree is thrown away at the start of each full scan and built anew, so no damage lasts. Trees are
 * red-black, so that a search is short whatever pages have gone wrong places.
 *
 * A visit therefore goes: has the page changed since last time? Does the stable tree have its like?
 * Then its pte is switched to that frame and its own is given back. Does the unstable tree? Then
 * the two become a KSM page, and move to the stable tree. Otherwise it goes into the unstable tree
 * and waits. The order of these questions differs from kernel to kernel (src/ksm/kernels.ts).
 *
 * Three folders, each importing only what stands before it: `memory/`, frames, who refers to them,
 * the pte's lock; `trees/`, the two trees and what a search may believe; `scan/`, the walk over
 * slots, the visit, the merge. `layout.ts` names every word that is shared, `words.ts` is all that
 * touches one.
 */

export { fillUntouched } from './memory/fill';
export {
  configure,
  frameCopy,
  framesEqual,
  framesMismatch,
  frameZero,
} from './memory/frames';
export { loadFew } from './memory/load-few';
export { countZeroPage, populate, unmapFrame } from './memory/mappings';
export { loadBuffer, nameHolder, pteRelease, pteTake } from './memory/pte';
export { frameGet, frameNew, framePut } from './memory/references';
export { rmapItemCreate, rmapItemMove } from './scan/rmap-items';
export { dropItems, walk } from './scan/walk';
export { edgeForgetAll } from './trees/edge';
export { stableNodeAppend } from './trees/stable-nodes';
export { stableInsert, stableRemoveStale } from './trees/stable-tree';
export { unstableAbandon, unstableReset } from './trees/unstable-tree';
