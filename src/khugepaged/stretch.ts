/**
 * Whether khugepaged collapses a stretch: how many of its pages are absent, and how many are mapped
 * elsewhere too. Linux: hpage_collapse_scan_pmd, __collapse_huge_page_isolate.
 */
import {
  CTL_COLLAPSE_NEEDS_WRITABLE,
  PTE_FRAME,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';
import type { LruBatch } from './lru-batch.js';
import type { KhugepagedTunables } from './tunables.js';

/** What comes of a stretch; a collapse that fails has taken a huge page, and given it back. */
export type Verdict = 'passed over' | 'fails' | 'collapses';

export function judge(
  machine: Machine,
  start: number,
  limits: Pick<KhugepagedTunables, 'max_ptes_none' | 'max_ptes_shared'>,
  batch: LruBatch,
): Verdict {
  const { i32 } = machine.memory;
  if (!machine.stretches.isSmall(start)) return 'passed over';
  const mapped: number[] = [];
  let none = 0;
  let shared = 0;
  let isWritable = i32[CTL_COLLAPSE_NEEDS_WRITABLE] === 0;
  const isShared = sharing(machine);
  for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS) {
    const state = i32[slot + PTE_STATE];
    if ((state & PTE_PRESENT) === 0) {
      if (++none > limits.max_ptes_none) return 'passed over';
      continue;
    }
    if ((state & PTE_OWN) !== 0) isWritable = true;
    const frame = i32[slot + PTE_FRAME];
    if (isShared(slot, frame) && ++shared > limits.max_ptes_shared) return 'passed over';
    if (batch.has(frame)) return 'passed over';
    mapped.push(frame);
  }
  // Where nothing is there at all, nothing was used lately.
  if (!isWritable || none === STRETCH_PAGES) return 'passed over';
  return isolate(machine, mapped, batch) ? 'collapses' : 'fails';
}

/**
 * Takes the pages off the LRU list, in order of address. The kernel locks each, and finds one that
 * is mapped twice locked: then it puts those before that back.
 */
function isolate({ frames }: Machine, mapped: readonly number[], batch: LruBatch): boolean {
  const locked = new Set<number>();
  for (const [index, frame] of mapped.entries()) {
    if (locked.has(frame)) {
      const before = mapped.slice(0, index);
      const small = before.filter((other) => frames.folio(other) === 0);
      batch.putBack(small, small.length < before.length);
      return false;
    }
    locked.add(frame);
  }
  // The new huge page drains the batch that the old pages go through.
  batch.drain();
  return true;
}

/**
 * Whether others map the page too: of a huge page, any part of it counts. Linux:
 * folio_maybe_mapped_shared.
 */
function sharing({ frames, stretches }: Machine): (slot: number, frame: number) => boolean {
  const known = new Map<number, boolean>();
  return (slot, frame) => {
    const folio = frames.folio(frame);
    if (folio === 0) return frames.mapcount(frame) > 1;
    const isShared = known.get(folio) ?? stretches.mappingsOf(slot, folio).elsewhere > 0;
    known.set(folio, isShared);
    return isShared;
  };
}
