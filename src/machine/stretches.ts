/**
 * Stretches, as whoever has the machine to itself changes them: what the first touch and a split
 * do to them beside other threads, src/core/memory/stretches.ts and src/core/scan/split.ts say.
 *
 * A stretch is named by its first slot. Only those that lie wholly in a region advised to huge
 * pages are stretches here; of all others pages are mapped one by one anyway.
 */
import {
  CTL_SLOTS,
  CTL_STRETCH_TABLE,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_HUGE,
  REGION_KIN,
  REGION_LEAD,
  REGION_SLOT,
  SLOT_REGION,
  SLOT_WORDS,
  STRETCH_HOLDER_MASK,
  STRETCH_HUGE,
  STRETCH_PAGES,
  STRETCH_SHIFT,
  STRETCH_SMALL,
} from '../core/layout.js';
import type { Frames } from './frames.js';
import type { SharedMemory } from './memory.js';
import type { Regions } from './regions.js';

const STRETCH_WORDS = STRETCH_PAGES * SLOT_WORDS;

export class Stretches {
  private readonly i32: Int32Array;

  constructor(
    private readonly memory: SharedMemory,
    private readonly regions: Regions,
    private readonly frames: Frames,
  ) {
    this.i32 = memory.i32;
  }

  /** The first slots of the region's stretches. */
  *of(region: number): Generator<number, void, void> {
    const { i32 } = this;
    if (i32[region + REGION_HUGE] === 0) return;
    const end = this.regions.endSlot(region);
    const skipped = (STRETCH_PAGES - i32[region + REGION_LEAD]) % STRETCH_PAGES;
    for (
      let start = i32[region + REGION_SLOT] + skipped * SLOT_WORDS;
      start + STRETCH_WORDS <= end;
      start += STRETCH_WORDS
    )
      yield start;
  }

  /** The region's stretches of which pages `first` to `first + count - 1` of it have a part. */
  *within(region: number, first: number, count: number): Generator<number, void, void> {
    const from = this.i32[region + REGION_SLOT] + first * SLOT_WORDS;
    const to = from + count * SLOT_WORDS;
    for (const start of this.of(region))
      if (start < to && start + STRETCH_WORDS > from) yield start;
  }

  isHuge(start: number): boolean {
    return (this.flags(start) & STRETCH_HUGE) !== 0;
  }

  isSmall(start: number): boolean {
    return (this.flags(start) & STRETCH_SMALL) !== 0;
  }

  /** A page of it is there, or is the zero page. */
  isTouched(start: number): boolean {
    const { i32 } = this;
    for (let slot = start; slot < start + STRETCH_WORDS; slot += SLOT_WORDS)
      if ((i32[slot + PTE_STATE] & (PTE_PRESENT | PTE_ZERO)) !== 0) return true;
    return false;
  }

  /** All its pages are advised alike: in the kernel they are of one vma. */
  isOneMapping(start: number): boolean {
    return this.memory.core.isOneMapping(start) !== 0;
  }

  /** Its pages are mapped one by one from now on. */
  mapSmall(start: number): void {
    this.memory.core.mapSmall(this.word(start));
  }

  /** It is a huge page from now on, all pages of which are there. */
  mapHuge(start: number): void {
    this.i32[this.word(start)] = STRETCH_HUGE;
  }

  /** Nothing is mapped there any more: the next touch takes a huge page. */
  clear(start: number): void {
    this.i32[this.word(start)] = 0;
  }

  /** How many huge pages a guest has. */
  hugePages(guest: number): number {
    const { i32, regions } = this;
    let count = 0;
    for (let r = regions.first(guest); r !== 0; r = regions.next(r)) {
      const [first] = this.of(r);
      if (first === undefined) continue;
      const stretches = Math.floor((regions.endSlot(r) - first) / STRETCH_WORDS);
      const word = this.word(first);
      // Those of a region lie in a row. Plain: it may be of a moment ago, and every status asks.
      for (let w = word; w < word + stretches; w++) if ((i32[w] & STRETCH_HUGE) !== 0) count++;
    }
    return count;
  }

  /** How many ptes map frames of the huge page `folio`, which the pte of `slot` maps a part of. */
  mappingsOf(slot: number, folio: number): { readonly here: number; readonly elsewhere: number } {
    const { i32 } = this;
    const region = i32[slot + SLOT_REGION];
    const offset = this.memory.core.stretchStart(slot) - i32[region + REGION_SLOT];
    const count = { here: 0, elsewhere: 0 };
    let kin = region;
    do {
      const start = i32[kin + REGION_SLOT] + offset;
      for (let s = start; s < start + STRETCH_WORDS; s += SLOT_WORDS) {
        const frame = i32[s + PTE_FRAME];
        if (frame !== 0 && this.frames.folio(frame) === folio)
          count[kin === region ? 'here' : 'elsewhere']++;
      }
      kin = i32[kin + REGION_KIN];
    } while (kin !== region);
    return count;
  }

  /** Lets go of the locks of `holder`, a thread that is gone. */
  release(holder: number): void {
    const { i32 } = this;
    const table = i32[CTL_STRETCH_TABLE];
    const end = table + (i32[CTL_SLOTS] >> STRETCH_SHIFT);
    for (let word = table; word <= end; word++)
      if ((i32[word] & STRETCH_HOLDER_MASK) === holder) i32[word] &= ~STRETCH_HOLDER_MASK;
  }

  private flags(start: number): number {
    return Atomics.load(this.i32, this.word(start));
  }

  private word(start: number): number {
    return this.memory.core.stretchWord(start);
  }
}
