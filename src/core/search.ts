/**
 * Searching the two trees by page content.
 *
 * Going down, a search keeps how many leading bytes its page shares with the closest smaller and the closest larger node passed. Everything below
 * lies between those two, so it shares at least the lesser of the two counts: the comparison starts there, and a search reads a page about once,
 * however deep the tree. Where only one of the two is known, at the tree's edge, it is remembered how far the nodes agree with each other (edge.ts).
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
import { edgeKeep, edgeShared } from './edge';
import { frameAddress, frameEntry, pageSize } from './frames';
import {
  CTL_FOUND_LINK,
  CTL_FOUND_NODE,
  CTL_FOUND_PARENT,
  CTL_SEARCH_FENCE,
  CTL_SEARCH_PATH,
  EDGE_STABLE,
  EDGE_UNSTABLE,
  FRAME_STABLE_NODE,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HOLDER_MASK,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RB_LEFT,
  RB_RIGHT,
  RMAP_FLAGS,
  RMAP_SAMPLED,
  RMAP_TRUSTED,
  SEARCH_ABSENT,
  SEARCH_AGAIN,
  SEARCH_FOUND,
  SEARCH_GAVE_UP,
  SEARCH_LOOK,
  STABLE_CHAIN,
  STABLE_DUP,
  STABLE_FRAME,
  STABLE_HEAD,
  STABLE_LENGTH,
  STABLE_NODE,
  STABLE_SAMPLE,
  STABLE_SAMPLE_SHIFT,
} from './layout';
import { at, put } from './words';

/** How much of a page its stable node holds, and a slot of the unstable tree. */
const SAMPLE_BYTES: u32 = 4;
const SLOT_SAMPLE_BYTES: u32 = 2;

// Where the search stands: the page looked for, the word that points at the next node, and what is known of the bounds.
let page: usize = 0;
let parent: u32 = 0;
let link: u32 = 0;
let below: u32 = 0;
let above: u32 = 0;
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
  below = 0;
  above = 0;
  equalBelow = 0;
  equalAbove = 0;
  bounds = 0;
  proven = true;
  allTrusted = true;
}

/** Goes on to the child of `node` on the side where the page belongs; `equal` bytes are shared with `bound`, if it is one. */
function descend(node: u32, bound: u32, equal: u32, isLess: bool): void {
  parent = node;
  if (isLess) {
    link = node + RB_LEFT;
    if (bound != 0) {
      above = bound;
      equalAbove = equal;
    }
  } else {
    link = node + RB_RIGHT;
    if (bound != 0) {
      below = bound;
      equalBelow = equal;
    }
  }
}

function isLessAt(other: usize, offset: u32): bool {
  return load<u8>(page + offset) < load<u8>(other + offset);
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

/**
 * The search has come to an end with `answer`, or to a node to be looked at. But if it went past a stale node it should have stopped there: then that is the
 * node to be looked at. If it compared with a dup that has gone stale since its chain was looked at, it starts again.
 */
function conclude(answer: u32): u32 {
  fence();
  for (let i: u32 = 0; i < bounds; i++) {
    const bound = at(CTL_SEARCH_PATH + i);
    if (!isCurrent(bound)) return at(bound + STABLE_HEAD) == <u32>STABLE_DUP ? SEARCH_AGAIN : lookAt(bound);
  }
  return answer;
}

/**
 * At an edge of the tree, where there is one bound: goes on below `node` if it can be told without a look at its page. Otherwise so many bytes are equal that
 * the comparison starts after them. The page and the node are on the same side of the bound, so whichever shares more bytes with it is the closer to it.
 */
function passEdge(node: u32, bound: u32, shared: u32): bool {
  const equal = max(equalBelow, equalAbove);
  if (shared == equal) return false;
  descend(node, bound, min(shared, equal), (above != 0) == shared > equal);
  return true;
}

function isAtEdge(): bool {
  return (below == 0) != (above == 0);
}

/** How many bytes the pages of `stable` and of the one bound share. */
function stableShared(stable: u32): u32 {
  const bound = below | above;
  const known = edgeShared(EDGE_STABLE, above != 0, bounds, stable, bound);
  if (known >= 0) return known;
  const shared = mismatch(frameAddress(at(stable + STABLE_FRAME)), frameAddress(at(bound + STABLE_FRAME)), 0, pageSize());
  fence();
  if (isCurrent(stable) && isCurrent(bound)) edgeKeep(EDGE_STABLE, above != 0, bounds, stable, bound, shared);
  return shared;
}

/** Compares with the page of `stable`, which stands for `node` in the tree. True if it is equal, otherwise the search has gone on below `node`. */
function compareStable(node: u32, stable: u32): bool {
  note(stable);
  let from = min(equalBelow, equalAbove);
  if (isAtEdge()) {
    if (passEdge(node, stable, stableShared(stable))) return false;
    from = max(equalBelow, equalAbove);
  }
  const tag = at(stable + STABLE_NODE) >> STABLE_SAMPLE_SHIFT;
  const offset = tag - 1;
  // The sample saves going to the page: it is in the line of memory just read, the page's bytes are far from it.
  if (tag != 0 && from >= offset && from < offset + SAMPLE_BYTES) {
    const shift = (from - offset) << 3;
    const mine = load<u32>(page + offset) >> shift;
    const others = at(stable + STABLE_SAMPLE) >> shift;
    if (mine != others) {
      const byte = ctz(mine ^ others) >> 3;
      descend(node, stable, from + byte, ((mine >> (byte << 3)) & 0xff) < ((others >> (byte << 3)) & 0xff));
      return false;
    }
    from = offset + SAMPLE_BYTES;
  }
  const other = frameAddress(at(stable + STABLE_FRAME));
  const equal = mismatch(page, other, from, pageSize());
  if (equal == pageSize()) return true;
  descend(node, stable, equal, isLessAt(other, equal));
  return false;
}

function walkStable(): u32 {
  while (true) {
    const node = at(link);
    if (node == 0) return conclude(absent());
    if (at(node + STABLE_LENGTH) == <u32>STABLE_CHAIN) return conclude(lookAt(node));
    if (compareStable(node, node)) return conclude(found(node));
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
  return compareStable(node, stable) ? conclude(found(node)) : walkStable();
}

/** After a search answered SEARCH_ABSENT: `stable` has the content looked for, and will stand where it belongs. Keeps a sample of it. */
export function stableSample(stable: u32): void {
  const offset: u32 = min(equalBelow, equalAbove) & ~(SAMPLE_BYTES - 1);
  put(stable + STABLE_SAMPLE, load<u32>(page + offset));
  put(stable + STABLE_NODE, at(stable + STABLE_NODE) | ((offset + 1) << STABLE_SAMPLE_SHIFT));
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

/** How many bytes the pages of `slot` and of the one bound share. */
function unstableShared(slot: u32): u32 {
  const bound = below | above;
  const known = edgeShared(EDGE_UNSTABLE, above != 0, bounds, slot, bound);
  if (known >= 0) return known;
  const shared = mismatch(frameAddress(at(slot + PTE_FRAME)), frameAddress(at(bound + PTE_FRAME)), 0, pageSize());
  fence();
  if (!isDirty(stateOf(slot)) && !isDirty(stateOf(bound))) edgeKeep(EDGE_UNSTABLE, above != 0, bounds, slot, bound, shared);
  return shared;
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
    const flags = at(slot + RMAP_FLAGS);
    const trusted: bool = !isDirty(state) && (flags & RMAP_TRUSTED) != 0;
    let from: u32 = 0;
    if (trusted) {
      note(slot);
      from = min(equalBelow, equalAbove);
      if (isAtEdge()) {
        if (passEdge(slot, slot, unstableShared(slot))) continue;
        from = max(equalBelow, equalAbove);
      }
    } else allTrusted = false;
    const sample = at(slot + PTE_CHECKSUM);
    const offset = sample >> 16;
    if (trusted && (flags & RMAP_SAMPLED) != 0 && from >= offset && from < offset + SLOT_SAMPLE_BYTES) {
      const shift = (from - offset) << 3;
      const mine = <u32>load<u16>(page + offset) >> shift;
      const others = (sample & 0xffff) >> shift;
      if (mine != others) {
        const byte = ctz(mine ^ others) >> 3;
        descend(slot, slot, from + byte, ((mine >> (byte << 3)) & 0xff) < ((others >> (byte << 3)) & 0xff));
        continue;
      }
      from = offset + SLOT_SAMPLE_BYTES;
    }
    const other = frameAddress(treeFrame);
    const equal = mismatch(page, other, from, pageSize());
    if (equal == pageSize()) {
      prove();
      return found(slot);
    }
    descend(slot, trusted ? slot : 0, equal, isLessAt(other, equal));
  }
}

/** After unstableSearch answered SEARCH_ABSENT: `slot` has the page looked for, is locked, clean, and will stand where it belongs. Keeps a sample of it. */
export function unstableSample(slot: u32): void {
  const offset: u32 = min(equalBelow, equalAbove) & ~(SLOT_SAMPLE_BYTES - 1);
  put(slot + PTE_CHECKSUM, (offset << 16) | <u32>load<u16>(page + offset));
}

/** After unstableSearch found a slot: 1 if the two pages were equal, both being clean still. */
export function searchProven(): u32 {
  return proven ? 1 : 0;
}

/** After unstableSearch answered SEARCH_ABSENT: 1 if every node on the way was trusted. */
export function searchTrusted(): u32 {
  return allTrusted ? 1 : 0;
}
