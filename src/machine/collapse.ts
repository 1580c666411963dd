/**
 * Collapse: a stretch whose pages are mapped one by one becomes a huge page again, of frames of its
 * own; pages that were absent, or the zero page, are there from then on. Linux: collapse_huge_page.
 * While other threads stand still.
 */
import {
  CTL_COLLAPSE_NEEDS_WRITABLE,
  CTL_FRAMES,
  CTL_FRAMES_USED,
  GUEST_PRESENT_PAGES,
  MAX_NUMA_NODES,
  PTE_DIRTY,
  PTE_FORK_MASK,
  PTE_FRAME,
  PTE_HELD,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  REGION_SLOT,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { LongWork } from './long-work.js';
import type { Machine } from './machine.js';
import { hasRoomForHuge, stretchDown, stretchUp, type Vma, vmasOf } from './vmas.js';

/**
 * Collapses the stretches that lie wholly in pages `first` to `first + count - 1` of a region. The
 * kernel does so vma by vma, which here are pages in a row with the same advice. EINVAL where there
 * is no stretch to collapse, or nothing in it; ENOMEM when frames run short. What was collapsed
 * before stays so.
 */
export function* collapseRange(
  machine: Machine,
  region: number,
  first: number,
  count: number,
): LongWork {
  for (const vma of vmasOf(machine, region)) {
    yield;
    if (vma.end <= first || vma.first >= first + count) continue;
    yield* collapseVma(machine, region, vma, first, first + count);
  }
}

/** Linux: madvise_collapse. */
function* collapseVma(
  machine: Machine,
  region: number,
  vma: Vma,
  from: number,
  to: number,
): LongWork {
  const { i32 } = machine.memory;
  const start = stretchUp(machine, region, Math.max(vma.first, from));
  const end = stretchDown(machine, region, Math.min(vma.end, to));
  if (!hasRoomForHuge(machine, region, vma) || start > end)
    throw new KsmdError('EINVAL', 'there is no room for a huge page in these pages');
  let refusal: KsmdError | undefined;
  for (let page = start; page < end; page += STRETCH_PAGES) {
    const slot = i32[region + REGION_SLOT] + page * SLOT_WORDS;
    if (machine.stretches.isHuge(slot)) continue;
    const reason = whyNot(machine, slot);
    if (reason !== undefined) refusal = reason;
    else if (!collapse(machine, slot))
      throw new KsmdError('ENOMEM', 'too few free frames for a huge page');
    yield;
  }
  if (refusal !== undefined) throw refusal;
}

/** Why the stretch cannot be collapsed. Linux: hpage_collapse_scan_pmd, as MADV_COLLAPSE has it. */
function whyNot({ memory, stretches }: Machine, start: number): KsmdError | undefined {
  const { i32 } = memory;
  if (!stretches.isSmall(start))
    return new KsmdError('EINVAL', 'nothing is mapped there that could become a huge page');
  const mapped = new Set<number>();
  let isTwice = false;
  let isWritable = i32[CTL_COLLAPSE_NEEDS_WRITABLE] === 0;
  for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS) {
    const state = i32[slot + PTE_STATE];
    if ((state & PTE_OWN) !== 0) isWritable = true;
    if ((state & PTE_PRESENT) === 0) continue;
    // The kernel locks every page, and finds the second one locked.
    if (mapped.has(i32[slot + PTE_FRAME])) isTwice = true;
    mapped.add(i32[slot + PTE_FRAME]);
  }
  if (!isWritable) return new KsmdError('EINVAL', 'none of the pages is writable');
  if (isTwice) return new KsmdError('EAGAIN', 'two of the pages are one KSM page');
  return undefined;
}

/** False, and nothing changed, if there are too few frames. */
export function collapse(machine: Machine, start: number): boolean {
  const { memory, frames, stretches, pages } = machine;
  const { i32, core } = memory;
  if (i32[CTL_FRAMES] - 1 - i32[CTL_FRAMES_USED] < STRETCH_PAGES) return false;
  const guest = pages.guest(start);
  const numaNode = nodeOfMost(machine, start);
  const folio = core.newFolio();
  for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS) {
    const state = i32[slot + PTE_STATE];
    const frame = frames.take(numaNode);
    core.setFolio(frame, folio);
    if ((state & PTE_PRESENT) !== 0) {
      const before = i32[slot + PTE_FRAME];
      core.frameCopy(frame, before);
      i32[slot + PTE_FRAME] = frame;
      frames.put(before);
    } else {
      core.frameZero(frame);
      i32[slot + PTE_FRAME] = frame;
      if ((state & PTE_ZERO) !== 0) core.countZeroPage(slot, -1);
      Atomics.add(i32, guest + GUEST_PRESENT_PAGES, 1);
      core.populate(slot, 1);
    }
    // What was absent is new to the scanner, or known to be dirty already.
    const dirty = (state & (PTE_PRESENT | PTE_ZERO)) === 0 ? PTE_DIRTY : 0;
    const kept = state & ~(PTE_ZERO | PTE_HELD | PTE_FORK_MASK);
    i32[slot + PTE_STATE] = kept | PTE_PRESENT | PTE_WRITABLE | dirty;
  }
  stretches.mapHuge(start);
  return true;
}

/**
 * The NUMA node that most of the stretch's frames are of, the first of several: the huge page comes
 * from there. Linux: hpage_collapse_find_target_node.
 */
function nodeOfMost({ memory: { i32 }, frames }: Machine, start: number): number {
  const counts = new Int32Array(MAX_NUMA_NODES);
  for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS)
    if ((i32[slot + PTE_STATE] & PTE_PRESENT) !== 0)
      counts[frames.numaNode(i32[slot + PTE_FRAME])]++;
  return counts.indexOf(Math.max(...counts));
}
