/**
 * Frames that splits of huge pages have given back, and that nobody has taken again: as it is now,
 * where a counter of splits says what has been. khugepaged makes a huge page anew with frames for
 * all of it, KSM splits that once more, and the same zeroes come back each time.
 *
 * Those are pages that the recording has, and that map nothing here: only a split does that. Pages
 * that share a frame since a fork have one frame to give back, and not before all of them do. What
 * khugepaged has added where the recording has no page is nobody's saving as it goes again.
 *
 * Looks at all pages of stretches that are mapped one by one.
 */
import {
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_SLOT,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import type { Machine } from '../machine/machine.js';
import { ringOf } from './kin.js';

/** Of a stretch, the pages that a recording has: a bit each. */
export type RecordedStretch = Readonly<Uint32Array>;

/** One mapping of a stretch: a region's, or a copy's that a fork made of it. */
interface Mapping {
  /** Its first slot. */
  readonly start: number;
  readonly recorded: RecordedStretch;
}

/** `recorded`: what the recording has of the stretch that begins at a virtual page of a guest. */
export function givenBackPages(
  { machine }: Host,
  recorded: (guest: number, vpn: number) => RecordedStretch | undefined,
): number {
  const { memory, regions, stretches, guests } = machine;
  const { i32 } = memory;
  const met = new Set<number>();
  const gone = new Uint32Array(STRETCH_PAGES / 32);
  let pages = 0;
  for (const guest of guests.live())
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (regions.isGhost(region) || met.has(region)) continue;
      const ring = ringOf(machine, region).filter((kin) => !regions.isGhost(kin));
      for (const kin of ring) met.add(kin);
      for (const first of stretches.of(region)) {
        const mappings = ring.flatMap((kin): Mapping[] => {
          const start = first - i32[region + REGION_SLOT] + i32[kin + REGION_SLOT];
          const has = recorded(machine.pages.guest(start), regions.vpnOf(start));
          return has === undefined ? [] : [{ start, recorded: has }];
        });
        // All pages of a huge one are there.
        if (mappings.every(({ start }) => stretches.isHuge(start))) continue;
        gone.fill(0);
        for (const mapping of mappings) markGone(i32, mapping, gone);
        for (let page = 0; page < STRETCH_PAGES; page++)
          if (hasPage(gone, page) && !isHeld(machine, mappings, page)) pages++;
      }
    }
  return pages;
}

/** Marks pages that the recording has, and of which nothing is mapped there. */
function markGone(i32: Int32Array, { start, recorded }: Mapping, gone: Uint32Array): void {
  for (let page = 0, slot = start; page < STRETCH_PAGES; page++, slot += SLOT_WORDS)
    if ((i32[slot + PTE_STATE] & (PTE_PRESENT | PTE_ZERO)) === 0 && hasPage(recorded, page))
      gone[page >>> 5] = (gone[page >>> 5] ?? 0) | (1 << (page & 31));
}

function hasPage(stretch: RecordedStretch, page: number): boolean {
  return ((stretch[page >>> 5] ?? 0) & (1 << (page & 31))) !== 0;
}

/** One of these maps zeroes there still, or the zero page that KSM put there: merged, for that. */
function isHeld(machine: Machine, mappings: readonly Mapping[], page: number): boolean {
  const { i32 } = machine.memory;
  // Alone it is known to map nothing.
  if (mappings.length === 1) return false;
  for (const { start } of mappings) {
    const slot = start + page * SLOT_WORDS;
    const state = i32[slot + PTE_STATE];
    if ((state & PTE_ZERO) !== 0) return true;
    if ((state & PTE_PRESENT) !== 0 && isAllZeroes(machine, i32[slot + PTE_FRAME])) return true;
  }
  return false;
}

function isAllZeroes({ memory }: Machine, frame: number): boolean {
  return memory.u8
    .subarray(memory.frameByte(frame), memory.frameByte(frame + 1))
    .every((byte) => byte === 0);
}
