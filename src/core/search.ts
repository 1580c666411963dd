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
 * Knows no policy: it answers "found", "absent, and here is where it goes", "look at this node first" or "gave up".
 */
import { mismatch } from './compare';
import { frameAddress, frameEntry, pageSize } from './frames';
import {
  CTL_FOUND_LINK,
  CTL_FOUND_NODE,
  CTL_FOUND_PARENT,
  FRAME_STABLE_NODE,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RB_LEFT,
  RB_RIGHT,
  RMAP_FLAGS,
  RMAP_TRUSTED,
  SEARCH_ABSENT,
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
let allTrusted: bool = true;

function start(root: u32, frame: u32): void {
  page = frameAddress(frame);
  parent = 0;
  link = root;
  equalBelow = 0;
  equalAbove = 0;
  allTrusted = true;
}

/** Goes on to the child of `node` on the side where the page belongs; `equal` bytes are shared with `node`, whose bytes are at `other`. */
function descend(node: u32, other: usize, equal: u32, bounds: bool): void {
  parent = node;
  if (load<u8>(page + equal) < load<u8>(other + equal)) {
    link = node + RB_LEFT;
    if (bounds) equalAbove = equal;
  } else {
    link = node + RB_RIGHT;
    if (bounds) equalBelow = equal;
  }
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

/** The frame is still the node's KSM page: frames lose their stable node as they are freed. */
function isCurrent(node: u32, frame: u32): bool {
  return atomic.load<u32>((<usize>(frameEntry(frame) + FRAME_STABLE_NODE)) << 2) == node;
}

function walkStable(): u32 {
  const size = pageSize();
  while (true) {
    const node = at(link);
    if (node == 0) return absent();
    if (at(node + STABLE_LENGTH) == <u32>STABLE_CHAIN) return lookAt(node);
    const frame = at(node + STABLE_FRAME);
    if (!isCurrent(node, frame)) return lookAt(node);
    const other = frameAddress(frame);
    const equal = mismatch(page, other, min(equalBelow, equalAbove), size);
    // Freed meanwhile, its bytes may be another page's.
    if (!isCurrent(node, frame)) return lookAt(node);
    if (equal == size) return found(node);
    descend(node, other, equal, true);
  }
}

/** Looks for a stable node with the content of `frame`. SEARCH_ABSENT, SEARCH_FOUND or SEARCH_LOOK. */
export function stableSearch(root: u32, frame: u32): u32 {
  start(root, frame);
  return walkStable();
}

/** Goes on after SEARCH_LOOK: the node now at that place (a collapsed chain may have been replaced) has the content of `frame`. */
export function stableResume(frame: u32): u32 {
  const size = pageSize();
  const node = at(link);
  const other = frameAddress(frame);
  const equal = mismatch(page, other, min(equalBelow, equalAbove), size);
  if (equal == size) return found(node);
  descend(node, other, equal, true);
  return walkStable();
}

/** Looks for a slot of the unstable tree whose page has the content of `frame`. SEARCH_ABSENT, SEARCH_FOUND or SEARCH_GAVE_UP. */
export function unstableSearch(root: u32, frame: u32): u32 {
  const size = pageSize();
  start(root, frame);
  while (true) {
    const slot = at(link);
    if (slot == 0) return absent();
    const stateAt = (<usize>(slot + PTE_STATE)) << 2;
    const state = atomic.load<u32>(stateAt);
    const treeFrame = at(slot + PTE_FRAME);
    if ((state & (PTE_PRESENT | PTE_MERGEABLE)) != (PTE_PRESENT | PTE_MERGEABLE) || treeFrame == frame) return SEARCH_GAVE_UP;
    let trusted: bool = (state & PTE_DIRTY) == 0 && (at(slot + RMAP_FLAGS) & RMAP_TRUSTED) != 0;
    const other = frameAddress(treeFrame);
    const equal = mismatch(page, other, trusted ? min(equalBelow, equalAbove) : 0, size);
    if (equal == size) return found(slot);
    // Written while it was compared: what was read bounds nothing.
    if (trusted && (atomic.load<u32>(stateAt) & PTE_DIRTY) != 0) trusted = false;
    if (!trusted) allTrusted = false;
    descend(slot, other, equal, trusted);
  }
}

/** After unstableSearch answered SEARCH_ABSENT: 1 if every node on the way was trusted. */
export function searchTrusted(): u32 {
  return allTrusted ? 1 : 0;
}
