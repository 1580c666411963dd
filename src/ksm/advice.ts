/**
 * Advice on pages, and on all that a guest has: madvise(MADV_MERGEABLE) and its kind, and
 * prctl(PR_SET_MEMORY_MERGE). While other threads stand still.
 *
 * What advice takes away is given back before the call returns; counters of rmap items follow as
 * the scanner passes.
 */
import {
  GUEST_MERGE_ANY,
  PTE_MERGEABLE,
  PTE_STATE,
  REGION_MERGEABLE,
  SLOT_WORDS,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import type { Advice } from '../names.js';
import type { Ksm } from './ksm.js';

/** What advice goes to a page at a time; a collapse is of stretches. */
type PageAdvice = Exclude<Advice, 'collapse'>;

/** Advises `count` pages of a region of `guest`, from `first` on. */
export function* advisePages(
  ksm: Ksm,
  guest: number,
  region: number,
  first: number,
  count: number,
  advice: PageAdvice,
): LongWork {
  const { machine, list } = ksm;
  if (advice === 'dontneed') {
    yield* machine.dropPages(region, first, count);
    return;
  }
  if (advice === 'mergeable' && !list.has(guest)) list.enter(guest);
  yield* machine.advise(region, first, count, advice === 'mergeable');
}

/**
 * Gives merged pages back to the guest. ENOMEM if there are too few frames; what was given back
 * stays so.
 */
export function* unsharePages(ksm: Ksm, region: number, first: number, count: number): LongWork {
  const { regions, memory } = ksm.machine;
  const slot = regions.slot(region, regions.vpn(region) + first);
  for (let i = 0; i < count; i++) {
    if (i % PAGES_A_STEP === 0) yield;
    const s = slot + i * SLOT_WORDS;
    if ((memory.i32[s + PTE_STATE] & PTE_MERGEABLE) !== 0 && !ksm.unshare(s)) {
      throw new KsmdError(
        'ENOMEM',
        'too few free frames to give these pages back: they stay mergeable',
      );
    }
  }
}

/** The guest has asked for all its memory to be mergeable: what it maps is, from its birth on. */
export function mergesAny(ksm: Ksm, guest: number): boolean {
  return ksm.machine.memory.i32[guest + GUEST_MERGE_ANY] !== 0;
}

/**
 * All that the guest has is mergeable from now on, and what it will map; or nothing of it, what
 * madvise has said of single pages included. Nothing changes where it is so already. ENOMEM if
 * there are too few frames to give pages back; then all stay mergeable. Linux:
 * ksm_enable_merge_any, ksm_disable_merge_any.
 */
export function* setMergesAny(ksm: Ksm, guest: number, merges: boolean): LongWork {
  if (mergesAny(ksm, guest) === merges) return;
  const { list, machine } = ksm;
  const { regions, memory } = machine;
  if (merges) {
    if (!list.has(guest)) list.enter(guest);
  } else {
    for (const region of regionsOf(ksm, guest))
      yield* unsharePages(ksm, region, 0, regions.pages(region));
  }
  memory.i32[guest + GUEST_MERGE_ANY] = merges ? 1 : 0;
  const advice = merges ? 'mergeable' : 'unmergeable';
  for (const region of regionsOf(ksm, guest))
    yield* advisePages(ksm, guest, region, 0, regions.pages(region), advice);
}

/** The guest's regions, without ghosts. */
function* regionsOf({ machine }: Ksm, guest: number): Generator<number, void, void> {
  const { regions, memory } = machine;
  for (let region = regions.first(guest); region !== 0; region = regions.next(region))
    if (memory.i32[region + REGION_MERGEABLE] >= 0) yield region;
}
