/**
 * Searching the stable tree by page content.
 *
 * Its pages do not change while they are mapped, so every node passed bounds what lies below. A
 * node may go stale, its page freed and used for something else: a search that has passed one says
 * so instead of answering. Scanner only.
 */
import {
  CTL_FOUND_NODE,
  CTL_SEARCH_PATH,
  CTL_STALE_NODES,
  EDGE_STABLE,
  SEARCH_AGAIN,
  SEARCH_LOOK,
  STABLE_DUP,
  STABLE_FRAME,
  STABLE_HEAD,
  STABLE_NODE,
  STABLE_SAMPLE,
  STABLE_SAMPLE_SHIFT,
} from '../layout';
import { mismatch } from '../memory/compare';
import { frameAddress, pageSize } from '../memory/frames';
import { at, put, shared } from '../words';
import {
  above,
  absent,
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
  note,
  page,
  passEdge,
  passSample,
  start,
} from './descent';
import { edgeKeep, edgeShared } from './edge';
import { isChain, isCurrent } from './stable-nodes';

/** How much of a page its stable node holds. */
const SAMPLE_BYTES: u32 = 4;

function lookAt(node: u32): u32 {
  put(CTL_FOUND_NODE, node);
  return SEARCH_LOOK;
}

/**
 * The search has come to an end with `answer`, or to a node to be looked at. But if it went past a
 * stale node it should have stopped there: then that is the node to be looked at. If it compared
 * with a dup that has gone stale since its chain was looked at, it starts again.
 */
function conclude(answer: u32): u32 {
  fence();
  if (shared(CTL_STALE_NODES) == 0) return answer;
  for (let i: u32 = 0; i < bounds; i++) {
    const bound = at(CTL_SEARCH_PATH + i);
    if (!isCurrent(bound))
      return at(bound + STABLE_HEAD) == <u32>STABLE_DUP ? SEARCH_AGAIN : lookAt(bound);
  }
  return answer;
}

/** How many bytes the pages of `stable` and of the one bound share. */
function stableShared(stable: u32): u32 {
  const bound = below | above;
  const known = edgeShared(EDGE_STABLE, above != 0, bounds, stable, bound);
  if (known >= 0) return known;
  const equal = mismatch(
    frameAddress(at(stable + STABLE_FRAME)),
    frameAddress(at(bound + STABLE_FRAME)),
    0,
    pageSize(),
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
  note(stable);
  let from = min(equalBelow, equalAbove);
  if (isAtEdge()) {
    if (passEdge(node, stable, stableShared(stable))) return false;
    from = max(equalBelow, equalAbove);
  }
  const tag = at(stable + STABLE_NODE) >> STABLE_SAMPLE_SHIFT;
  const offset = tag - 1;
  // The sample saves going to the page: it is in the line of memory just read, the page's bytes are
  // far from it.
  if (tag != 0 && from >= offset && from < offset + SAMPLE_BYTES) {
    const shift = (from - offset) << 3;
    const mine = load<u32>(page + offset) >> shift;
    const others = at(stable + STABLE_SAMPLE) >> shift;
    if (passSample(node, stable, from, mine, others)) return false;
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
  const node = at(link);
  return compareStable(node, stable) ? conclude(found(node)) : walkStable();
}

/**
 * After a search answered SEARCH_ABSENT: `stable` has the content looked for, and will stand where
 * it belongs. Keeps a sample of it.
 */
export function stableSample(stable: u32): void {
  const offset: u32 = min(equalBelow, equalAbove) & ~(SAMPLE_BYTES - 1);
  put(stable + STABLE_SAMPLE, load<u32>(page + offset));
  put(stable + STABLE_NODE, at(stable + STABLE_NODE) | ((offset + 1) << STABLE_SAMPLE_SHIFT));
}
