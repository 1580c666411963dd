/**
 * A look ahead: the next few pages' ways down the trees, all at once, before they are searched for.
 *
 * In a large tree a search waits for memory at every level, and can't begin the next level sooner.
 * The searches of several pages wait together. So their ways are walked side by side here, and when
 * each page is searched for, what its way passes is in the caches. Decides nothing: a way is a
 * guess by a page's first bytes, which tell fingerprints apart but not pages, so that hosts of
 * bytes go without. What changes between here and the search costs a wait, no more. Scanner only.
 */
import {
  CTL_LOOKAHEAD,
  CTL_MERGE_ACROSS_NODES,
  CTL_SMART_SCAN,
  CTL_STABLE_ROOTS,
  CTL_UNSTABLE_ROOTS,
  LOOKAHEAD_KEY,
  LOOKAHEAD_NODE,
  LOOKAHEAD_PAGES,
  LOOKAHEAD_TREE,
  LOOKAHEAD_WORDS,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RB_LEFT,
  RMAP_FLAGS,
  RMAP_SEEN,
  RMAP_SKIPS_MASK,
  RMAP_STABLE,
  SLOT_WORDS,
  STABLE_FRAME,
} from '../layout';
import { u32At } from '../memory/bytes';
import { areFingerprints, frameAddress } from '../memory/frames';
import { numaNodeOf } from '../memory/references';
import { load, store } from '../words';
import { isChain } from './stable-nodes';

/** Slots looked at for pages that will be searched for: with smart scan most will not. */
const SLOTS_AT_MOST: u32 = 256;
const UNCHANGED: u32 = PTE_PRESENT | PTE_MERGEABLE;

/**
 * Looks ahead from `slot` on, at most to `end` and at `pages` that will be searched for. The slot
 * up to which it has looked.
 */
export function lookAhead(slot: u32, end: u32, pages: u32): u32 {
  if (!areFingerprints()) return end;
  const stop = min(end, slot + SLOTS_AT_MOST * SLOT_WORDS);
  const stopEntry: u32 = CTL_LOOKAHEAD + min(pages, <u32>LOOKAHEAD_PAGES) * LOOKAHEAD_WORDS;
  let past: u32 = CTL_LOOKAHEAD;
  for (; slot < stop && past < stopEntry; slot += SLOT_WORDS) {
    if (!isSearchedFor(slot)) continue;
    const frame = load(slot + PTE_FRAME);
    store(past + LOOKAHEAD_KEY, keyOf(frame));
    store(past + LOOKAHEAD_TREE, load(CTL_MERGE_ACROSS_NODES) != 0 ? 0 : numaNodeOf(frame));
    past += LOOKAHEAD_WORDS;
  }
  descend(past, CTL_STABLE_ROOTS);
  descend(past, CTL_UNSTABLE_ROOTS);
  return slot;
}

/** As far as can be told: a page that is neither merged nor skipped, nor found changed. */
function isSearchedFor(slot: u32): bool {
  const flags = load(slot + RMAP_FLAGS);
  return (
    (load(slot + PTE_STATE) & (UNCHANGED | PTE_DIRTY)) == UNCHANGED &&
    (flags & (RMAP_SEEN | RMAP_STABLE)) == RMAP_SEEN &&
    (load(CTL_SMART_SCAN) == 0 || (flags & RMAP_SKIPS_MASK) == 0)
  );
}

/** In the order of pages, but for those whose first bytes are the same. */
function keyOf(frame: u32): u32 {
  return bswap(u32At(frameAddress(frame)));
}

/** Walks all ways to their ends, a level at a time. */
function descend(past: u32, roots: u32): void {
  for (let entry: u32 = CTL_LOOKAHEAD; entry < past; entry += LOOKAHEAD_WORDS)
    store(entry + LOOKAHEAD_NODE, load(roots + load(entry + LOOKAHEAD_TREE)));
  let goesOn: u32 = past - CTL_LOOKAHEAD;
  while (goesOn != 0) {
    goesOn = 0;
    for (let entry: u32 = CTL_LOOKAHEAD; entry < past; entry += LOOKAHEAD_WORDS) {
      const node = load(entry + LOOKAHEAD_NODE);
      if (node == 0) continue;
      const key = load(entry + LOOKAHEAD_KEY);
      const next = roots == CTL_STABLE_ROOTS ? belowStable(node, key) : belowSlot(node, key);
      store(entry + LOOKAHEAD_NODE, next);
      goesOn |= next;
    }
  }
}

/**
 * The next node of the way. Found without a branch: where the processor guesses wrong, it waits
 * for one way after the other. A chain has no page, and ends the way.
 */
function belowStable(node: u32, key: u32): u32 {
  if (isChain(node)) return 0;
  return load(node + RB_LEFT + <u32>(key > keyOf(load(node + STABLE_FRAME))));
}

/** Likewise; a slot without an excerpt, of which there are few, leads astray. */
function belowSlot(slot: u32, key: u32): u32 {
  return load(slot + RB_LEFT + <u32>(key > load(slot + PTE_CHECKSUM)));
}
