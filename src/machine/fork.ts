/**
 * Fork: a guest's regions once more, for its child, and every page shared copy-on-write, KSM pages
 * too. Linux: copy_page_range. While other threads stand still.
 */
import {
  CTL_FORKS,
  CTL_ZERO_PAGES,
  GUEST_PRESENT_PAGES,
  GUEST_ZERO_PAGES,
  LAST_FORK,
  PTE_DIRTY,
  PTE_FORK_MASK,
  PTE_FORK_SHIFT,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_HUGE,
  REGION_MERGEABLE,
  REGION_NUMA_NODE,
  REGION_SLOT,
  SLOT_WORDS,
} from '../core/layout.js';
import { type LongWork, PAGES_A_STEP } from './long-work.js';
import type { Machine } from './machine.js';

/** What the pages that the next fork is the first to share bear (PTE_FORK_MASK). */
export function nextFork({ memory: { i32 } }: Machine): number {
  i32[CTL_FORKS] = (i32[CTL_FORKS] % LAST_FORK) + 1;
  return i32[CTL_FORKS] << PTE_FORK_SHIFT;
}

/**
 * `child` gets all that `parent`'s region maps; `fork`: of `nextFork`. The new region. ENOSPC when
 * a table is full.
 */
export function* forkRegion(
  machine: Machine,
  parent: number,
  child: number,
  fork: number,
): LongWork<number> {
  const { regions, stretches } = machine;
  const { i32 } = machine.memory;
  const vpn = regions.vpn(parent);
  const pages = regions.pages(parent);
  const region = yield* regions.create(child, vpn, pages, i32[parent + REGION_HUGE] !== 0);
  regions.joinKin(region, parent);
  i32[region + REGION_HUGE] = i32[parent + REGION_HUGE];
  i32[region + REGION_MERGEABLE] = i32[parent + REGION_MERGEABLE];
  i32[region + REGION_NUMA_NODE] = i32[parent + REGION_NUMA_NODE];
  const from = i32[parent + REGION_SLOT];
  const to = i32[region + REGION_SLOT];
  for (let page = 0; page < pages; page++) {
    sharePage(machine, from + page * SLOT_WORDS, to + page * SLOT_WORDS, child, fork);
    if (page % PAGES_A_STEP === 0) yield;
  }
  const copies = stretches.of(region);
  for (const start of stretches.of(parent)) {
    const copy = copies.next().value ?? 0;
    // One that is being made is left as it is.
    if (!stretches.isHuge(start) && stretches.isTouched(start)) stretches.mapSmall(start);
    if (stretches.isHuge(start)) stretches.mapHuge(copy);
    else if (stretches.isSmall(start)) stretches.mapSmall(copy);
  }
  return region;
}

function sharePage(machine: Machine, from: number, to: number, child: number, fork: number): void {
  const { i32, core } = machine.memory;
  const state = i32[from + PTE_STATE];
  const advice = state & PTE_MERGEABLE;
  // Who shares it since an earlier fork shares it with the child too.
  const before = state & PTE_FORK_MASK;
  const since = before === 0 ? fork : before;
  if ((state & PTE_PRESENT) !== 0) {
    const frame = i32[from + PTE_FRAME];
    machine.frames.get(frame);
    i32[from + PTE_STATE] = (state & ~PTE_OWN) | since;
    i32[to + PTE_FRAME] = frame;
    i32[to + PTE_STATE] = PTE_PRESENT | PTE_DIRTY | advice | since;
    i32[child + GUEST_PRESENT_PAGES]++;
    core.populate(to, 1);
  } else if ((state & PTE_ZERO) !== 0) {
    i32[from + PTE_STATE] = state | since;
    i32[to + PTE_STATE] = PTE_ZERO | PTE_DIRTY | advice | since;
    i32[child + GUEST_ZERO_PAGES]++;
    i32[CTL_ZERO_PAGES]++;
  } else i32[to + PTE_STATE] = advice;
}
