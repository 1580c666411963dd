/** Whether a word names anything that there is: after damage it may name nothing. */
import {
  CTL_FRAMES,
  CTL_STABLE_NODE_FRESH,
  CTL_STABLE_NODE_TABLE,
  STABLE_NODE_WORDS,
} from '../../core/layout.js';

/** Whether a pointer may be a stable node's, in use or not. */
export function isStableNode(i32: Int32Array, pointer: number): boolean {
  const offset = pointer - i32[CTL_STABLE_NODE_TABLE];
  return (
    offset >= 0 &&
    offset % STABLE_NODE_WORDS === 0 &&
    offset / STABLE_NODE_WORDS < i32[CTL_STABLE_NODE_FRESH]
  );
}

/** Whether there is a frame of that number that a pte may map. */
export function isFrame(i32: Int32Array, frame: number): boolean {
  return frame >= 1 && frame < i32[CTL_FRAMES];
}
