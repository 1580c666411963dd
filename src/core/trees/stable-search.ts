/**
 * Searching the stable tree by page content.
 *
 * Its pages do not change while they are mapped, so every node passed bounds what lies below. A
 * node may go stale, its page freed and used for something else: a search that has passed one says
 * so instead of answering. Scanner only.
 */

import { countStableLevels } from '../kernel-work';
import {
  CTL_SEARCH_PATH,
  CTL_STALE_NODES,
  EDGE_STABLE,
  SEARCH_ABSENT,
  SEARCH_AGAIN,
  STABLE_DUP,
  STABLE_EXCERPT,
  STABLE_EXCERPT_SHIFT,
  STABLE_FRAME,
  STABLE_HEAD,
  STABLE_NUMA_NODE,
} from '../layout';
import { u32At } from '../memory/bytes';
import { mismatch } from '../memory/compare';
import { frameAddress, frameBytes } from '../memory/frames';
import { atomicLoad, load, store } from '../words';
import {
  above,
  below,
  bounds,
  descend,
  equalAbove,
  equalBelow,
  fence,
  found,
  isAtEdge,
  isLessAt,
  link,
  lookAt,
  note,
  page,
  passEdge,
  passExcerpt,
  start,
} from './descent';
import { edgeEqual, edgeKeep } from './edge';
import { isChain, isCurrent } from './stable-nodes';

/** How much of a page its stable node holds. */
const EXCERPT_BYTES: u32 = 4;

/**
 * The search has come to an end with `answer`, or to a node to be looked at. But if it went past a
 * stale node it should have stopped there: then that is the node to be looked at. If it compared
 * with a dup that has gone stale since its chain was looked at, it starts again.
 */
function conclude(answer: u32): u32 {
  fence();
  if (atomicLoad(CTL_STALE_NODES) == 0) return answer;
  for (let i: u32 = 0; i < bounds; i++) {
    const bound = load(CTL_SEARCH_PATH + i);
    if (isCurrent(bound)) continue;
    // The kernel would have come no further.
    countStableLevels(i - bounds);
    return load(bound + STABLE_HEAD) == <u32>STABLE_DUP ? SEARCH_AGAIN : lookAt(bound);
  }
  return answer;
}

/** How many bytes the pages of `stable` and of the one bound share. */
function equalToBound(stable: u32): u32 {
  const bound = below | above;
  const known = edgeEqual(EDGE_STABLE, above != 0, bounds, stable, bound);
  if (known >= 0) return known;
  const equal = mismatch(
    frameAddress(load(stable + STABLE_FRAME)),
    frameAddress(load(bound + STABLE_FRAME)),
    0,
    frameBytes(),
  );
  fence();
  if (isCurrent(stable) && isCurrent(bound))
    edgeKeep(EDGE_STABLE, above != 0, bounds, stable, bound, equal);
  return equal;
}

/**
 * Compares with the page of `stable`, which stands for `node` in the tree. True if it is equal,
 * otherwise the search has gone on below `node`.
 */
function compareStable(node: u32, stable: u32): bool {
  countStableLevels(1);
  note(stable);
  let from = min(equalBelow, equalAbove);
  if (isAtEdge()) {
    if (passEdge(node, stable, equalToBound(stable))) return false;
    from = max(equalBelow, equalAbove);
  }
  const tag = load(stable + STABLE_NUMA_NODE) >> STABLE_EXCERPT_SHIFT;
  const offset = tag - 1;
  // The excerpt saves going to the page: it is in the line of memory just read, the page's bytes
  // are far from it.
  if (tag != 0 && from >= offset && from < offset + EXCERPT_BYTES) {
    const shift = (from - offset) << 3;
    const mine = u32At(page + offset) >> shift;
    const others = load(stable + STABLE_EXCERPT) >> shift;
    if (passExcerpt(node, stable, from, mine, others)) return false;
    from = offset + EXCERPT_BYTES;
  }
  const other = frameAddress(load(stable + STABLE_FRAME));
  const equal = mismatch(page, other, from, frameBytes());
  if (equal == frameBytes()) return true;
  descend(node, stable, equal, isLessAt(other, equal));
  return false;
}

function walkStable(): u32 {
  while (true) {
    const node = load(link);
    if (node == 0) return conclude(SEARCH_ABSENT);
    if (isChain(node)) return conclude(lookAt(node));
    if (compareStable(node, node)) return conclude(found(node));
  }
}

/**
 * Looks for a stable node with the content of `frame`. SEARCH_ABSENT, SEARCH_FOUND, SEARCH_LOOK or
 * SEARCH_AGAIN.
 */
export function stableSearch(root: u32, frame: u32): u32 {
  start(root, frame);
  return walkStable();
}

/**
 * Goes on after SEARCH_LOOK: the node now at that place (a collapsed chain may have been replaced)
 * has the content of `stable`'s page.
 */
export function stableResume(stable: u32): u32 {
  const node = load(link);
  return compareStable(node, stable) ? conclude(found(node)) : walkStable();
}

/**
 * After a search answered SEARCH_ABSENT: `stable` has the content looked for, and will stand where
 * it belongs. Keeps an excerpt of it.
 */
export function stableExcerpt(stable: u32): void {
  const offset: u32 = min(equalBelow, equalAbove) & ~(EXCERPT_BYTES - 1);
  store(stable + STABLE_EXCERPT, u32At(page + offset));
  store(
    stable + STABLE_NUMA_NODE,
    load(stable + STABLE_NUMA_NODE) | ((offset + 1) << STABLE_EXCERPT_SHIFT),
  );
}
