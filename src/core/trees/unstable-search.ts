/**
 * Searching the unstable tree by page content.
 *
 * A page may be written after it was inserted, and then its node bounds nothing. Neither does a
 * node whose place was found by going past such a page. A node is *trusted* if its page is clean
 * (not written since its checksum was taken, so not since it was inserted) and every node that it
 * was compared with on its way in was trusted then. Trusted nodes are in order among themselves,
 * whatever the others do: a new node was compared with both nodes it goes between in the tree's
 * order. So trusted nodes may bound. The others are compared from their first byte and bound
 * nothing. The way taken is then, node for node, that of comparing whole pages. Scanner only.
 */

import { countUnstableLevel } from '../kernel-work';
import {
  CTL_SEARCH_PATH,
  EDGE_UNSTABLE,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_HOLDER_MASK,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RMAP_EXCERPTED,
  RMAP_FLAGS,
  RMAP_TRUSTED,
  SEARCH_ABSENT,
  SEARCH_GAVE_UP,
} from '../layout';
import { u16At, u32At, u64At } from '../memory/bytes';
import { mismatch } from '../memory/compare';
import { areFingerprints, frameAddress, frameBytes } from '../memory/frames';
import { atomicLoad, load, store } from '../words';
import {
  above,
  below,
  bounds,
  descend,
  descendUnbounded,
  equalAbove,
  equalBelow,
  fence,
  found,
  isAtEdge,
  isLessAt,
  link,
  note,
  page,
  passEdge,
  passExcerpt,
  start,
} from './descent';
import { edgeEqual, edgeKeep } from './edge';

/** How much of a page its slot holds. */
const EXCERPT_BYTES: u32 = 2;

/**
 * What bounded the last search was not written until it ended: if it found a slot, the two pages
 * were equal, both being clean still.
 */
export let isProven: bool = true;
/** Every node on the way of the last search was trusted. */
export let isTrusted: bool = true;

/** The slot's page is being written or was since its checksum was taken. */
function isDirty(state: u32): bool {
  return (state & (PTE_DIRTY | PTE_HOLDER_MASK)) != 0;
}

/** Its page is not there any more, or not KSM's to look at. */
function isGone(state: u32): bool {
  return (state & (PTE_PRESENT | PTE_MERGEABLE)) != (PTE_PRESENT | PTE_MERGEABLE);
}

function stateOf(slot: u32): u32 {
  return atomicLoad(slot + PTE_STATE);
}

/**
 * Sees whether what bounded the search was written meanwhile: then the answer is not proven, nor is
 * the place it leads to trusted.
 */
function prove(): void {
  fence();
  for (let i: u32 = 0; i < bounds; i++) {
    if (isDirty(stateOf(load(CTL_SEARCH_PATH + i)))) {
      isProven = false;
      isTrusted = false;
      return;
    }
  }
}

/** How many bytes the pages of `slot` and of the one bound share. */
function equalToBound(slot: u32): u32 {
  const bound = below | above;
  const known = edgeEqual(EDGE_UNSTABLE, above != 0, bounds, slot, bound);
  if (known >= 0) return known;
  const equal = mismatch(
    frameAddress(load(slot + PTE_FRAME)),
    frameAddress(load(bound + PTE_FRAME)),
    0,
    frameBytes(),
  );
  fence();
  if (!isDirty(stateOf(slot)) && !isDirty(stateOf(bound)))
    edgeKeep(EDGE_UNSTABLE, above != 0, bounds, slot, bound, equal);
  return equal;
}

/**
 * Looks for a slot of the unstable tree whose page has the content of `frame`. SEARCH_ABSENT,
 * SEARCH_FOUND or SEARCH_GAVE_UP.
 */
export function unstableSearch(root: u32, frame: u32): u32 {
  start(root, frame);
  isProven = true;
  isTrusted = true;
  if (areFingerprints()) return searchOfFingerprint(frame);
  while (true) {
    const slot = load(link);
    if (slot == 0) {
      prove();
      return SEARCH_ABSENT;
    }
    const state = stateOf(slot);
    const treeFrame = load(slot + PTE_FRAME);
    if (treeFrame == frame || isGone(state)) return SEARCH_GAVE_UP;
    countUnstableLevel();
    const flags = load(slot + RMAP_FLAGS);
    const trusted: bool = !isDirty(state) && (flags & RMAP_TRUSTED) != 0;
    let from: u32 = 0;
    if (trusted) {
      note(slot);
      from = min(equalBelow, equalAbove);
      if (isAtEdge()) {
        if (passEdge(slot, slot, equalToBound(slot))) continue;
        from = max(equalBelow, equalAbove);
      }
    } else isTrusted = false;
    const excerpt = load(slot + PTE_CHECKSUM);
    const offset = excerpt >> 16;
    if (
      trusted &&
      (flags & RMAP_EXCERPTED) != 0 &&
      from >= offset &&
      from < offset + EXCERPT_BYTES
    ) {
      const shift = (from - offset) << 3;
      const mine = <u32>u16At(page + offset) >> shift;
      const others = (excerpt & 0xffff) >> shift;
      if (passExcerpt(slot, slot, from, mine, others)) continue;
      from = offset + EXCERPT_BYTES;
    }
    const other = frameAddress(treeFrame);
    const equal = mismatch(page, other, from, frameBytes());
    if (equal == frameBytes()) {
      prove();
      return found(slot);
    }
    descend(slot, trusted ? slot : 0, equal, isLessAt(other, equal));
  }
}

/**
 * Likewise where frames are fingerprints: as short as they are, each comparison is of the whole,
 * and there is nothing for bounds to save. Of a trusted slot four bytes are at hand, which tell
 * nearly all apart without going to its frame.
 */
function searchOfFingerprint(frame: u32): u32 {
  const first = u64At(page);
  const second = u64At(page + 8);
  const mine = excerptOfFingerprint();
  while (true) {
    const slot = load(link);
    if (slot == 0) {
      prove();
      return SEARCH_ABSENT;
    }
    const state = stateOf(slot);
    const treeFrame = load(slot + PTE_FRAME);
    if (treeFrame == frame || isGone(state)) return SEARCH_GAVE_UP;
    countUnstableLevel();
    const flags = load(slot + RMAP_FLAGS);
    if (!isDirty(state) && (flags & RMAP_TRUSTED) != 0) {
      note(slot);
      const others = load(slot + PTE_CHECKSUM);
      if ((flags & RMAP_EXCERPTED) != 0 && mine != others) {
        descendUnbounded(slot, mine > others);
        continue;
      }
    } else isTrusted = false;
    const other = frameAddress(treeFrame);
    const otherFirst = u64At(other);
    if (first != otherFirst) descendUnbounded(slot, isGreater(first, otherFirst));
    else {
      const otherSecond = u64At(other + 8);
      if (second == otherSecond) {
        prove();
        return found(slot);
      }
      descendUnbounded(slot, isGreater(second, otherSecond));
    }
  }
}

/** Of eight bytes that are not equal, the first lowest: told by the first in which they differ. */
function isGreater(mine: u64, others: u64): bool {
  const shift = ctz(mine ^ others) & ~7;
  return ((mine >> shift) & 0xff) > ((others >> shift) & 0xff);
}

/** Of the page looked for: in the order of fingerprints, but for those that begin alike. */
function excerptOfFingerprint(): u32 {
  return bswap(u32At(page));
}

/**
 * After unstableSearch answered SEARCH_ABSENT: `slot` has the page looked for, is locked, clean,
 * and will stand where it belongs. Keeps an excerpt of it.
 */
export function unstableExcerpt(slot: u32): void {
  if (areFingerprints()) {
    store(slot + PTE_CHECKSUM, excerptOfFingerprint());
    return;
  }
  const offset: u32 = min(equalBelow, equalAbove) & ~(EXCERPT_BYTES - 1);
  store(slot + PTE_CHECKSUM, (offset << 16) | <u32>u16At(page + offset));
}
