/**
 * Searching the two trees by page content.
 *
 * Going down, a search keeps how many leading bytes its page shares with the closest smaller and the closest larger node passed. Everything below
 * lies between those two, so it shares at least the lesser of the two counts: the comparison starts there, and a search reads a page about once,
 * however deep the tree.
 *
 * In the stable tree that always holds. In the unstable tree a page may be written after it was inserted, and then it bounds nothing; nor does one
 * whose place was found by going past such a page. A node is *trusted* if its page is clean (not written since its checksum was taken, so not since
 * it was inserted) and every node it was compared with on its way in was trusted then. Trusted nodes are in order among themselves, whatever the
 * others do: a new node goes between its two neighbours in the tree's order, both of which it was compared with. So trusted nodes may bound, the
 * others are compared from their first byte and bound nothing. The way taken is then, node for node, that of comparing whole pages.
 *
 * Other threads go on writing and freeing pages meanwhile, so a search notes every node whose bytes bounded it, and when it is done looks at them all
 * once more: if none was freed or written, what it read was true and its answer is proven. A stable search that is not starts again; an unstable one
 * says so.
 *
 * Knows no policy: it answers "found", "absent, and here is where it goes", "look at this node first", "start again" or "gave up".
 */
import { mismatch } from './compare';
import { frameAddress, frameEntry, pageSize } from './frames';
import {
  CTL_FOUND_LINK,
  CTL_FOUND_NODE,
  CTL_FOUND_PARENT,
  CTL_SEARCH_FENCE,
  CTL_SEARCH_PATH,
  FRAME_STABLE_NODE,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HOLDER_MASK,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RB_LEFT,
  RB_RIGHT,
  RMAP_FLAGS,
  RMAP_TRUSTED,
  SEARCH_ABSENT,
  SEARCH_AGAIN,
  SEARCH_FOUND,
  SEARCH_GAVE_UP,
  SEARCH_LOOK,
  STABLE_CHAIN,
  STABLE_FRAME,
  STABLE_LENGTH,
} from './layout';
import { at, put } from './words';

// Where the search stands: the page looked for, the word that points at the next node, and what is known of the bounds.
let page: usize = 0;
let parent: u32 = 0;
let link: u32 = 0;
let equalBelow: u32 = 0;
let equalAbove: u32 = 0;
/** Nodes that bound the search so far, noted from CTL_SEARCH_PATH on. */
let bounds: u32 = 0;
let proven: bool = true;
let allTrusted: bool = true;

function start(root: u32, frame: u32): void {
  page = frameAddress(frame);
  parent = 0;
  link = root;
  equalBelow = 0;
  equalAbove = 0;
  bounds = 0;
  proven = true;
  allTrusted = true;
}

/** Goes on to the child of `node` on the side where the page belongs; `equal` bytes are shared with `node`, whose bytes are at `other`. */
function descend(node: u32, other: usize, equal: u32, isBound: bool): void {
  parent = node;
  if (load<u8>(page + equal) < load<u8>(other + equal)) {
    link = node + RB_LEFT;
    if (isBound) equalAbove = equal;
  } else {
    link = node + RB_RIGHT;
    if (isBound) equalBelow = equal;
  }
}

function note(bound: u32): void {
  put(CTL_SEARCH_PATH + bounds, bound);
  bounds++;
}

function found(node: u32): u32 {
  put(CTL_FOUND_NODE, node);
  return SEARCH_FOUND;
}

function lookAt(node: u32): u32 {
  put(CTL_FOUND_NODE, node);
  return SEARCH_LOOK;
}

function absent(): u32 {
  put(CTL_FOUND_PARENT, parent);
  put(CTL_FOUND_LINK, link);
  return SEARCH_ABSENT;
}

/** The node's frame is still its KSM page: frames lose their stable node as they are freed. */
function isCurrent(stable: u32): bool {
  return atomic.load<u32>((<usize>(frameEntry(at(stable + STABLE_FRAME)) + FRAME_STABLE_NODE)) << 2) == stable;
}

/** What was read of pages before this is read before what is read after it: a read-modify-write of a word is a full fence. */
function fence(): void {
  atomic.add<u32>((<usize>CTL_SEARCH_FENCE) << 2, 0);
}

/** Every stable node that bounded the search is still current. */
function boundsCurrent(): bool {
  fence();
  for (let i: u32 = 0; i < bounds; i++) {
    if (!isCurrent(at(CTL_SEARCH_PATH + i))) return false;
  }
  return true;
}

/** Compares with the page of `stable`, which stands for `node` in the tree. True if it is equal, otherwise the search has gone on below `node`. */
function compareStable(node: u32, stable: u32): bool {
  const other = frameAddress(at(stable + STABLE_FRAME));
  const equal = mismatch(page, other, min(equalBelow, equalAbove), pageSize());
  note(stable);
  if (equal == pageSize()) return true;
  descend(node, other, equal, true);
  return false;
}

function walkStable(): u32 {
  while (true) {
    const node = at(link);
    if (node == 0) return boundsCurrent() ? absent() : SEARCH_AGAIN;
    if (at(node + STABLE_LENGTH) == <u32>STABLE_CHAIN || !isCurrent(node)) return lookAt(node);
    if (compareStable(node, node)) return boundsCurrent() ? found(node) : SEARCH_AGAIN;
  }
}

/** Looks for a stable node with the content of `frame`. SEARCH_ABSENT, SEARCH_FOUND, SEARCH_LOOK or SEARCH_AGAIN. */
export function stableSearch(root: u32, frame: u32): u32 {
  start(root, frame);
  return walkStable();
}

/** Goes on after SEARCH_LOOK: the node now at that place (a collapsed chain may have been replaced) has the content of `stable`'s page. */
export function stableResume(stable: u32): u32 {
  const node = at(link);
  if (compareStable(node, stable)) return boundsCurrent() ? found(node) : SEARCH_AGAIN;
  return walkStable();
}

/** The slot's page is being written or was since its checksum was taken. */
function isDirty(state: u32): bool {
  return (state & (PTE_DIRTY | PTE_HOLDER_MASK)) != 0;
}

function stateOf(slot: u32): u32 {
  return atomic.load<u32>((<usize>(slot + PTE_STATE)) << 2);
}

/** Sees whether what bounded the search was written meanwhile: then the answer is not proven, nor is the place it leads to trusted. */
function prove(): void {
  fence();
  for (let i: u32 = 0; i < bounds; i++) {
    if (isDirty(stateOf(at(CTL_SEARCH_PATH + i)))) {
      proven = false;
      allTrusted = false;
      return;
    }
  }
}

/** Looks for a slot of the unstable tree whose page has the content of `frame`. SEARCH_ABSENT, SEARCH_FOUND or SEARCH_GAVE_UP. */
export function unstableSearch(root: u32, frame: u32): u32 {
  start(root, frame);
  while (true) {
    const slot = at(link);
    if (slot == 0) {
      prove();
      return absent();
    }
    const state = stateOf(slot);
    const treeFrame = at(slot + PTE_FRAME);
    if ((state & (PTE_PRESENT | PTE_MERGEABLE)) != (PTE_PRESENT | PTE_MERGEABLE) || treeFrame == frame) return SEARCH_GAVE_UP;
    const trusted: bool = !isDirty(state) && (at(slot + RMAP_FLAGS) & RMAP_TRUSTED) != 0;
    if (trusted) note(slot);
    else allTrusted = false;
    const other = frameAddress(treeFrame);
    const equal = mismatch(page, other, trusted ? min(equalBelow, equalAbove) : 0, pageSize());
    if (equal == pageSize()) {
      prove();
      return found(slot);
    }
    descend(slot, other, equal, trusted);
  }
}

/** After unstableSearch found a slot: 1 if the two pages were equal, both being clean still. */
export function searchProven(): u32 {
  return proven ? 1 : 0;
}

/** After unstableSearch answered SEARCH_ABSENT: 1 if every node on the way was trusted. */
export function searchTrusted(): u32 {
  return allTrusted ? 1 : 0;
}
