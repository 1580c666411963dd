/** The order of pages: unsigned bytes, the first that differs decides. */
import type { Machine } from '../../machine/machine.js';
import { isFrame } from './references.js';

/** Pages that come one after another, and are to come in order. */
export class ContentOrder {
  /** Whether each page so far was greater than the one before it. */
  kept = true;
  private before = 0;

  constructor(private readonly machine: Machine) {}

  /** The next page is in `frame`. One that there is not says nothing of the order. */
  next(frame: number): void {
    const { memory, frameBytes } = this.machine;
    const { before } = this;
    if (!this.kept || !isFrame(memory.i32, frame)) return;
    this.before = frame;
    if (before === 0) return;
    const at = memory.core.framesMismatch(before, frame, 0);
    this.kept =
      at < frameBytes &&
      memory.u8[memory.frameByte(before) + at] < memory.u8[memory.frameByte(frame) + at];
  }
}
