/**
 * Merging: the steps in which ptes come to map one frame.
 *
 * Each step takes the locks of the ptes it changes by trylock (a page that is being written is left for next time) and looks again whether they still
 * map the frames that the search saw. A search that found a page equal has proven it, unless one of the two was written since its checksum was taken:
 * a dirty bit says so, under the lock for certain, and then whole pages are compared again.
 * The frame that stays gets its references before a pte points at it, the frame that goes loses its own after: a scanner that dies in between leaves
 * every guest's bytes in place. Scanner only.
 */
import { PTE_DIRTY, PTE_FRAME, PTE_MERGEABLE, PTE_PRESENT, PTE_WRITABLE, PTE_ZERO, STABLE_FRAME } from '../core/layout.js';
import type { Machine } from '../machine/machine.js';

const ZERO_FRAME = 0;

export class Merger {
  private readonly i32: Int32Array;

  constructor(private readonly machine: Machine) {
    this.i32 = machine.memory.i32;
  }

  /** Lets the pte of `slot`, which maps `frame`, map the KSM page of `stable` instead. False if that cannot be done now. */
  intoStable(slot: number, frame: number, stable: number): boolean {
    const { machine } = this;
    const ksmFrame = this.i32[stable + STABLE_FRAME];
    if (!machine.frames.get(ksmFrame)) return false;
    const state = machine.frames.stableNode(ksmFrame) === stable ? this.tryLock(slot, frame) : -1;
    if (state === -1 || ((state & PTE_DIRTY) !== 0 && machine.memory.core.framesEqual(frame, ksmFrame) === 0)) {
      if (state !== -1) machine.lock.release(slot, state);
      machine.frames.put(ksmFrame);
      return false;
    }
    this.i32[slot + PTE_FRAME] = ksmFrame;
    machine.lock.release(slot, state & ~PTE_WRITABLE);
    machine.frames.put(frame);
    return true;
  }

  /**
   * Lets both ptes map `frame`, the page of `slot`, write-protected; the twin's own frame `twinFrame` is given back. False if that cannot be done now.
   * `proven`: they were found equal if neither was written since. When true, the caller holds a reference to `frame`, to be put once it has a stable node.
   */
  twins(slot: number, frame: number, twin: number, twinFrame: number, proven: boolean): boolean {
    const { machine } = this;
    const state = this.tryLock(slot, frame);
    if (state === -1) return false;
    const twinState = this.tryLock(twin, twinFrame);
    const known = proven && ((state | twinState) & PTE_DIRTY) === 0;
    if (twinState === -1 || (!known && machine.memory.core.framesEqual(frame, twinFrame) === 0)) {
      if (twinState !== -1) machine.lock.release(twin, twinState);
      machine.lock.release(slot, state);
      return false;
    }
    // One reference for the twin's pte, one for the caller. Neither can fail: the slot's pte, locked here, holds one.
    machine.frames.get(frame);
    machine.frames.get(frame);
    this.i32[twin + PTE_FRAME] = frame;
    machine.lock.release(twin, twinState & ~PTE_WRITABLE);
    machine.lock.release(slot, state & ~PTE_WRITABLE);
    machine.frames.put(twinFrame);
    return true;
  }

  /** Lets the pte of `slot` map the zero page. False if its page is not all zeroes or that cannot be done now. */
  intoZeroPage(slot: number, frame: number): boolean {
    const { machine } = this;
    const state = this.tryLock(slot, frame);
    if (state === -1) return false;
    if (machine.memory.core.framesEqual(frame, ZERO_FRAME) === 0) {
      machine.lock.release(slot, state);
      return false;
    }
    machine.pages.mapZeroPage(slot);
    machine.lock.release(slot, (state & ~(PTE_PRESENT | PTE_WRITABLE | PTE_DIRTY)) | PTE_ZERO);
    return true;
  }

  /** The pte's state, locked, if it is free, still maps `frame` and is mergeable; otherwise -1, not locked. */
  private tryLock(slot: number, frame: number): number {
    const state = this.machine.lock.tryTake(slot);
    if (state === -1) return -1;
    const wanted = PTE_PRESENT | PTE_MERGEABLE;
    if ((state & wanted) === wanted && this.i32[slot + PTE_FRAME] === frame) return state;
    this.machine.lock.release(slot, state);
    return -1;
  }
}
