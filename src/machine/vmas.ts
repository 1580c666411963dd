/**
 * Vmas, as the kernel would have them: pages of a region in a row with the same advice. Here advice
 * is kept page by page, and only what the kernel does vma by vma asks for them.
 */
import {
  PTE_MERGEABLE,
  PTE_STATE,
  REGION_HUGE,
  REGION_LEAD,
  REGION_MERGEABLE,
  REGION_SLOT,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import type { Machine } from './machine.js';

export interface Vma {
  /** Pages of the region, the second not included. */
  readonly first: number;
  readonly end: number;
}

/** Those of a region, in order of address. */
export function* vmasOf({ memory, regions }: Machine, region: number): Generator<Vma, void, void> {
  const { i32 } = memory;
  const pages = regions.pages(region);
  const mergeable = i32[region + REGION_MERGEABLE];
  if (mergeable === 0 || mergeable === pages) {
    yield { first: 0, end: pages };
    return;
  }
  const slot = i32[region + REGION_SLOT];
  const adviceOf = (page: number): number =>
    i32[slot + page * SLOT_WORDS + PTE_STATE] & PTE_MERGEABLE;
  for (let first = 0; first < pages; ) {
    let end = first + 1;
    while (end < pages && adviceOf(end) === adviceOf(first)) end++;
    yield { first, end };
    first = end;
  }
}

/** The page, or the first after it, of the region that begins a stretch. */
export function stretchUp({ memory }: Machine, region: number, page: number): number {
  const lead = memory.i32[region + REGION_LEAD];
  return Math.ceil((page + lead) / STRETCH_PAGES) * STRETCH_PAGES - lead;
}

/** The page, or the last before it, that begins one. */
export function stretchDown({ memory }: Machine, region: number, page: number): number {
  const lead = memory.i32[region + REGION_LEAD];
  return Math.floor((page + lead) / STRETCH_PAGES) * STRETCH_PAGES - lead;
}

/** Linux: thp_vma_allowable_order, outside of a fault. */
export function hasRoomForHuge(machine: Machine, region: number, { first, end }: Vma): boolean {
  return (
    machine.memory.i32[region + REGION_HUGE] !== 0 &&
    stretchDown(machine, region, end - STRETCH_PAGES) >= first
  );
}
