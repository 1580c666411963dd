/**
 * What becomes of a page, as one name: why it is merged or why not.
 *
 * Follows the kernel's own reckoning: a page written after a visit counts as what it was until the
 * next visit. But whether a page is merged at this moment is taken from its pte. May be asked from
 * any thread at any time: the reads are plain, of aligned words, and the answer was true a moment
 * ago.
 */

import {
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  RMAP_FLAGS,
  RMAP_FULL,
  RMAP_IN_USE,
  RMAP_SKIPPED,
  RMAP_UNSTABLE,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';
import { PAGE_STATES } from '../names.js';

const UNTOUCHED = PAGE_STATES.indexOf('untouched');
const UNMERGEABLE = PAGE_STATES.indexOf('unmergeable');
const WAITING = PAGE_STATES.indexOf('waiting');
const VOLATILE = PAGE_STATES.indexOf('volatile');
const SKIPPED = PAGE_STATES.indexOf('skipped');
const UNSHARED = PAGE_STATES.indexOf('unshared');
const LIMIT = PAGE_STATES.indexOf('limit');
const SHARED = PAGE_STATES.indexOf('shared');
const ZERO = PAGE_STATES.indexOf('zero');

/** The page's state, as an index of PAGE_STATES. */
export function pageState({ memory: { i32 }, frames }: Machine, slot: number): number {
  const pte = i32[slot + PTE_STATE];
  if ((pte & PTE_ZERO) !== 0) return ZERO;
  if ((pte & PTE_PRESENT) === 0) return UNTOUCHED;
  if (frames.stableNode(i32[slot + PTE_FRAME]) !== 0) return SHARED;
  if ((pte & PTE_MERGEABLE) === 0) return UNMERGEABLE;
  const flags = i32[slot + RMAP_FLAGS];
  if ((flags & RMAP_IN_USE) === 0) return WAITING;
  if ((flags & RMAP_UNSTABLE) !== 0) return (flags & RMAP_FULL) !== 0 ? LIMIT : UNSHARED;
  return (flags & RMAP_SKIPPED) !== 0 ? SKIPPED : VOLATILE;
}

/**
 * Writes the states of `states.length` pages from `slot` on, one byte a page, as indexes of
 * PAGE_STATES.
 */
export function pageStates(machine: Machine, slot: number, states: Uint8Array): void {
  for (let page = 0; page < states.length; page++)
    states[page] = pageState(machine, slot + page * SLOT_WORDS);
}
