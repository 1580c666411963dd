/**
 * A search on its way down one of the two trees, which are in order of page content.
 *
 * Going down, a search keeps how many leading bytes its page shares with the closest smaller and
 * the closest larger node passed. Everything below lies between those two, so it shares at least
 * the lesser of the two counts. The comparison starts there, and a search reads a page about once,
 * however deep the tree. At the tree's edge only one of the two is known; there it is remembered
 * how far neighbouring nodes agree with each other (edge.ts).
 *
 * Other threads go on writing and freeing pages meanwhile. So a search notes every node whose bytes
 * bounded it, and at its end looks at them all once more. If none was freed or written, what the
 * search read was true and its answer is proven (stable-search.ts, unstable-search.ts).
 *
 * A search returns one of SEARCH_. What goes with that stands in this module's variables until the
 * next search: the node (`foundNode`), or the place where the page belongs (`parent`, `link`).
 *
 * Knows no policy: it answers "found", "absent, and here is where it goes", "look at this node
 * first", "start again" or "gave up". Scanner only.
 */

import {
  CTL_SEARCH_FENCE,
  CTL_SEARCH_PATH,
  RB_LEFT,
  RB_RIGHT,
  SEARCH_FOUND,
  SEARCH_LOOK,
} from '../layout';
import { byteAt } from '../memory/bytes';
import { frameAddress } from '../memory/frames';
import { atomicAdd, store } from '../words';

// Where the search stands: the page looked for, the word that points at the next node, and what is
// known of the bounds.
export let page: usize = 0;
export let parent: u32 = 0;
export let link: u32 = 0;
export let below: u32 = 0;
export let above: u32 = 0;
export let equalBelow: u32 = 0;
export let equalAbove: u32 = 0;
/** Nodes that bound the search so far, noted from CTL_SEARCH_PATH on. */
export let bounds: u32 = 0;
/** The node that an answer is about: the equal one, or the one to be looked at first. */
export let foundNode: u32 = 0;

/** A search for the content of `frame` begins at the word `root`. */
export function start(root: u32, frame: u32): void {
  page = frameAddress(frame);
  parent = 0;
  link = root;
  below = 0;
  above = 0;
  equalBelow = 0;
  equalAbove = 0;
  bounds = 0;
}

/**
 * Goes on to the child of `node` on the side where the page belongs; `equal` bytes are shared with
 * `bound`, if it is one.
 */
export function descend(node: u32, bound: u32, equal: u32, isLess: bool): void {
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

/**
 * Goes on to the child of `node` on the side where the page belongs, of a search without bounds.
 * Without a branch: of contents in no order the processor guesses every other one wrong.
 */
export function descendUnbounded(node: u32, isGreater: bool): void {
  parent = node;
  link = node + RB_LEFT + <u32>isGreater;
}

/**
 * Whether the page is less than the one at `other`, the first byte that differs being at `offset`.
 */
export function isLessAt(other: usize, offset: u32): bool {
  return byteAt(page + offset) < byteAt(other + offset);
}

/** `bound` bounds the search: its page must not have changed when the search is done. */
export function note(bound: u32): void {
  store(CTL_SEARCH_PATH + bounds, bound);
  bounds++;
}

/**
 * At an edge of the tree, where there is one bound: goes on below `node` if it can be told without
 * a look at its page. Otherwise so many bytes are equal that the comparison starts after them. The
 * page and the node are on the same side of the bound, so whichever shares more bytes with it is
 * the closer to it.
 */
export function passEdge(node: u32, bound: u32, shared: u32): bool {
  const equal = max(equalBelow, equalAbove);
  if (shared == equal) return false;
  descend(node, bound, min(shared, equal), (above != 0) == shared > equal);
  return true;
}

/**
 * Goes on below `node` if an excerpt tells: `mine` and `others` are some bytes of the two pages
 * from `from` on, the first in the lowest bits.
 */
export function passExcerpt(node: u32, bound: u32, from: u32, mine: u32, others: u32): bool {
  if (mine == others) return false;
  const byte = ctz(mine ^ others) >> 3;
  descend(
    node,
    bound,
    from + byte,
    ((mine >> (byte << 3)) & 0xff) < ((others >> (byte << 3)) & 0xff),
  );
  return true;
}

export function isAtEdge(): bool {
  return (below == 0) != (above == 0);
}

export function found(node: u32): u32 {
  foundNode = node;
  return SEARCH_FOUND;
}

/** The caller looks at `node`, then resumes or starts again. */
export function lookAt(node: u32): u32 {
  foundNode = node;
  return SEARCH_LOOK;
}

/**
 * What was read of pages before this is read before what is read after it: a read-modify-write of a
 * word is a full fence.
 */
export function fence(): void {
  atomicAdd(CTL_SEARCH_FENCE, 0);
}
