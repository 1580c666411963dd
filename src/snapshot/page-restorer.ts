/**
 * The pages of a snapshot, mapped as its maps say: a frame that several pages map is theirs again
 * from the start, write-protected. Which are KSM pages is for their caller to say.
 */
import { PTE_FRAME, PTE_STATE, PTE_WRITABLE, SLOT_WORDS } from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import type { FrameWindow } from './file-reading.js';
import { PAGE_FIRST_FRAME, PAGE_MERGEABLE, PAGE_ZERO } from './format.js';

export class PageRestorer {
  /** By frame of the file: the slot that it was mapped from first. */
  private readonly slots: Int32Array;

  constructor(
    private readonly machine: Machine,
    private readonly frames: FrameWindow,
    frameCount: number,
  ) {
    this.slots = new Int32Array(frameCount);
  }

  /** Pages that follow one another, untouched, from `slot` on. ENOMEM if memory is too small. */
  restore(slot: number, maps: Int32Array): void {
    const { machine, slots } = this;
    for (let page = 0; page < maps.length; ) {
      const map = maps[page] & ~PAGE_MERGEABLE;
      const at = slot + page * SLOT_WORDS;
      const number = map - PAGE_FIRST_FRAME;
      if (number >= 0 && slots[number] === 0) {
        page += this.fill(at, number, maps.subarray(page));
        continue;
      }
      if (map === PAGE_ZERO) machine.pages.mapZeroPage(at);
      else if (number >= 0) this.share(slots[number], at);
      page++;
    }
  }

  /**
   * The first of `maps` maps frame `number`, which no page maps yet. That page and those behind it
   * that go on with the frames behind that get the bytes of these; how many they are.
   */
  private fill(slot: number, number: number, maps: Int32Array): number {
    const { machine, slots, frames } = this;
    const most = Math.min(maps.length, frames.bring(number));
    let count = 0;
    while (
      count < most &&
      slots[number + count] === 0 &&
      (maps[count] & ~PAGE_MERGEABLE) === PAGE_FIRST_FRAME + number + count
    ) {
      slots[number + count] = slot + count * SLOT_WORDS;
      count++;
    }
    if (machine.pages.fill(slot, frames.take(number, count)) < count) {
      throw new KsmdError(
        'ENOMEM',
        `the snapshot holds ${slots.length} frames, and only ` +
          `${machine.frames.total} fit: take a larger memory`,
      );
    }
    return count;
  }

  /** The page at `slot` maps the frame that the one at `first` does. */
  private share(first: number, slot: number): void {
    const { i32 } = this.machine.memory;
    const { pages } = this.machine;
    if ((i32[first + PTE_STATE] & PTE_WRITABLE) !== 0) pages.writeProtect(first);
    pages.mapFrame(slot, i32[first + PTE_FRAME]);
  }
}
