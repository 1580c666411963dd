/** The order of pages: unsigned bytes, the first that differs decides. */
import type { Machine } from '../../machine/machine.js';

/** Whether each frame's page is less than the next one's. */
export function inContentOrder(machine: Machine, frames: readonly number[]): boolean {
  const { memory, frameBytes } = machine;
  return frames.every((frame, i) => {
    if (i === 0) return true;
    const before = frames[i - 1];
    const at = memory.core.framesMismatch(before, frame, 0);
    return (
      at < frameBytes &&
      memory.u8[memory.frameByte(before) + at] < memory.u8[memory.frameByte(frame) + at]
    );
  });
}
