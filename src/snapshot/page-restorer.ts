/**
 * The pages of a snapshot, mapped as its maps say: a frame that several pages map is theirs again
 * from the start, and parts of a huge page are that. EINVAL for what pages and frames cannot be.
 *
 * Of KSM pages it says which they are. What KSM is to know of them is for its caller to say.
 */
import {
  MAX_NUMA_NODES,
  PTE_FRAME,
  PTE_STATE,
  PTE_WRITABLE,
  REGION_SLOT,
  SLOT_REGION,
  SLOT_WORDS,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import type { FrameWindow } from './file-reading.js';
import {
  MARK_HUGE_PAGE_SHIFT,
  MARK_KSM,
  MARK_NUMA_NODE_MASK,
  MARK_NUMA_NODE_SHIFT,
  MARK_STABLE,
  PAGE_FIRST_FRAME,
  PAGE_FRAME_MASK,
  PAGE_WRITABLE,
  PAGE_ZERO,
} from './format.js';

/** A huge page of the file: its number on the host, and where part of it was mapped first. */
interface HugePage {
  readonly folio: number;
  readonly start: number;
}

export class PageRestorer {
  /** KSM pages that are in no stable tree, by frame. */
  readonly unlisted: number[] = [];
  /** By frame of the file: the slot that it was mapped from first. */
  private readonly slots: Int32Array;
  private readonly hugePages = new Map<number, HugePage>();

  constructor(
    private readonly machine: Machine,
    private readonly frames: FrameWindow,
    private readonly marks: Int32Array,
    /** Of each region that a fork has copied or made, what those have that were one before. */
    private readonly kin: ReadonlyMap<number, number>,
  ) {
    this.slots = new Int32Array(marks.length);
  }

  /**
   * Pages that follow one another, untouched, and mapped one by one, from `slot` on. ENOMEM if
   * memory is too small.
   */
  restore(slot: number, maps: Int32Array): void {
    const { machine, slots } = this;
    for (let page = 0; page < maps.length; ) {
      const map = maps[page] & PAGE_FRAME_MASK;
      const at = slot + page * SLOT_WORDS;
      const number = map - PAGE_FIRST_FRAME;
      if (number >= 0 && slots[number] === 0) {
        page += this.fill(at, number, maps.subarray(page));
        continue;
      }
      if (map === PAGE_ZERO) machine.pages.mapZeroPage(at);
      else if (number >= 0) this.share(number, at, (maps[page] & PAGE_WRITABLE) !== 0);
      page++;
    }
  }

  /**
   * The first of `maps` maps frame `number`, which no page maps yet. That page and those behind it
   * that go on with the frames behind that get the bytes of these; how many they are.
   */
  private fill(slot: number, number: number, maps: Int32Array): number {
    const { machine, slots, marks, frames } = this;
    const most = Math.min(maps.length, frames.bring(number));
    let count = 0;
    while (
      count < most &&
      slots[number + count] === 0 &&
      (maps[count] & PAGE_FRAME_MASK) === PAGE_FIRST_FRAME + number + count
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
    for (let page = 0; page < count; page++) {
      const at = slot + page * SLOT_WORDS;
      const isWritable = (maps[page] & PAGE_WRITABLE) !== 0;
      if (!isWritable) machine.pages.writeProtect(at);
      if (marks[number + page] !== 0) this.mark(at, marks[number + page], isWritable);
    }
    return count;
  }

  /** The page at `slot`, the first that maps its frame, has what the frame's mark says. */
  private mark(slot: number, mark: number, isWritable: boolean): void {
    const { machine } = this;
    const frame = machine.memory.i32[slot + PTE_FRAME];
    const number = mark >>> MARK_HUGE_PAGE_SHIFT;
    const node = ((mark & MARK_NUMA_NODE_MASK) >>> MARK_NUMA_NODE_SHIFT) - 1;
    if (node >= MAX_NUMA_NODES)
      throw new KsmdError('EINVAL', 'a page of it lies on a NUMA node that there is not');
    if (node >= 0) machine.frames.setNumaNode(frame, node);
    if ((mark & MARK_KSM) !== 0) {
      if (isWritable) throw new KsmdError('EINVAL', 'a KSM page of it is writable');
      if (number !== 0) throw new KsmdError('EINVAL', 'a KSM page of it is part of a huge page');
      if ((mark & MARK_STABLE) !== 0) machine.frames.own(frame);
      else this.unlisted.push(frame);
      return;
    }
    if ((mark & MARK_STABLE) !== 0)
      throw new KsmdError('EINVAL', 'a page of it is in the stable tree and no KSM page');
    if (number === 0) return;
    const start = machine.memory.core.stretchStart(slot);
    if (start === 0)
      throw new KsmdError('EINVAL', 'a page of it is part of a huge page where there can be none');
    const hugePage = this.hugePages.get(number) ?? {
      folio: machine.memory.core.newFolio(),
      start,
    };
    if (!this.areOne(start, hugePage.start))
      throw new KsmdError('EINVAL', 'a huge page of it is mapped at two places');
    this.hugePages.set(number, hugePage);
    machine.memory.core.setFolio(frame, hugePage.folio);
  }

  /** The page at `slot` maps frame `number`, which another page maps already. */
  private share(number: number, slot: number, isWritable: boolean): void {
    const { i32 } = this.machine.memory;
    const first = this.slots[number];
    if (isWritable || (i32[first + PTE_STATE] & PTE_WRITABLE) !== 0)
      throw new KsmdError('EINVAL', 'a page of it shares a frame, and is writable');
    if ((this.marks[number] & MARK_KSM) === 0 && !this.areOne(slot, first))
      throw new KsmdError('EINVAL', 'pages of it share a frame that neither KSM nor a fork shares');
    this.machine.pages.mapFrame(slot, i32[first + PTE_FRAME]);
  }

  /** Two slots are of one page, or of what was one page before a fork. */
  private areOne(a: number, b: number): boolean {
    if (a === b) return true;
    const { i32 } = this.machine.memory;
    const [of, other] = [i32[a + SLOT_REGION], i32[b + SLOT_REGION]];
    const kin = this.kin.get(of);
    return (
      kin !== undefined &&
      kin === this.kin.get(other) &&
      a - i32[of + REGION_SLOT] === b - i32[other + REGION_SLOT]
    );
  }
}
