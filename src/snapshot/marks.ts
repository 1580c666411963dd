/**
 * What a snapshot says of frames: which are KSM pages, which are parts of which huge page, and of
 * which NUMA node they are.
 *
 * Without huge pages and forks it goes without saying: what no page may write is a KSM page, and
 * nothing else is. Unless a frame is not of the node that its page's memory comes from.
 */
import type { Frames } from '../machine/frames.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import {
  MARK_HUGE_PAGE_SHIFT,
  MARK_KSM,
  MARK_NUMA_NODE_SHIFT,
  MARK_STABLE,
  PAGE_FIRST_FRAME,
  PAGE_FRAME_MASK,
  PAGE_LISTED,
  PAGE_WRITABLE,
} from './format.js';

/** Of the frames noted. */
export function* marksOf(frames: Frames, noted: Int32Array): LongWork<Int32Array> {
  const marks = new Int32Array(noted.length);
  // Of huge pages: in the order in which they are met.
  const numbers = new Map<number, number>();
  for (let place = 0; place < noted.length; place++) {
    if (place % PAGES_A_STEP === 0) yield;
    const frame = noted[place];
    if (frames.isKsm(frame))
      marks[place] = frames.stableNode(frame) === 0 ? MARK_KSM : MARK_KSM | MARK_STABLE;
    marks[place] |= (frames.numaNode(frame) + 1) << MARK_NUMA_NODE_SHIFT;
    const folio = frames.folio(frame);
    if (folio === 0) continue;
    const number = numbers.get(folio) ?? numbers.size + 1;
    numbers.set(folio, number);
    marks[place] |= number << MARK_HUGE_PAGE_SHIFT;
  }
  return marks;
}

/** Of `frames` frames in a file without marks. */
export function marksWithout(maps: Int32Array, frames: number): Int32Array {
  const marks = new Int32Array(frames);
  for (const map of maps) {
    const number = (map & PAGE_FRAME_MASK) - PAGE_FIRST_FRAME;
    if (number >= 0 && (map & PAGE_WRITABLE) === 0) marks[number] = MARK_KSM | MARK_STABLE;
  }
  return marks;
}

/**
 * Maps of a file that says no more of a page than that it is mergeable: what is shared is listed,
 * all else is writable.
 */
export function tellShared(maps: Int32Array, frames: number): void {
  const numberOf = (map: number): number => (map & PAGE_FRAME_MASK) - PAGE_FIRST_FRAME;
  const isMapped = new Uint8Array(frames);
  const isShared = new Uint8Array(frames);
  for (const map of maps) {
    const number = numberOf(map);
    if (number < 0) continue;
    if (isMapped[number] === 1) isShared[number] = 1;
    isMapped[number] = 1;
  }
  for (const [page, map] of maps.entries()) {
    const number = numberOf(map);
    if (number >= 0) maps[page] = map | (isShared[number] === 1 ? PAGE_LISTED : PAGE_WRITABLE);
  }
}
