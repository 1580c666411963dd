/**
 * Which pages forks share, of a host that a snapshot has brought back. The file does not say it.
 *
 * Pages at one place of regions that were one before a fork, and that map one frame, are taken to
 * have shared it since; where KSM has moved some, so are those of the same bytes. Of pages that
 * were written alike since the fork, and that KSM had merged, it cannot be told: they are taken for
 * the fork's.
 */
import {
  CTL_FORKS,
  PTE_FORK_SHIFT,
  PTE_FRAME,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_SLOT,
  SLOT_WORDS,
} from '../core/layout.js';
import { families } from '../inspect/fork-sharing.js';
import type { Host } from '../ksm/host.js';
import type { Machine } from '../machine/machine.js';

const ZERO_FRAME = 0;

/** Once KSM knows its pages, while other threads stand still. */
export function tellForks(host: Host): void {
  const { machine } = host;
  const { i32 } = machine.memory;
  for (const family of families(host)) {
    const starts = family.map((region) => i32[region + REGION_SLOT]);
    const [region = 0] = family;
    const end = machine.regions.pages(region) * SLOT_WORDS;
    for (let at = 0; at < end; at += SLOT_WORDS) tellAt(machine, starts, at);
    // At one place there are no more numbers than regions.
    i32[CTL_FORKS] = Math.max(i32[CTL_FORKS], family.length);
  }
}

/** Pages that share bear a number that no others at this place bear. */
function tellAt(machine: Machine, starts: readonly number[], at: number): void {
  const { i32 } = machine.memory;
  /** A frame of those of each number, from 1 on. */
  const frames: number[] = [];
  for (const start of starts) {
    const state = i32[start + at + PTE_STATE];
    if ((state & (PTE_PRESENT | PTE_ZERO)) === 0 || (state & PTE_OWN) !== 0) continue;
    const frame = i32[start + at + PTE_FRAME];
    const known = frames.findIndex((other) => areOne(machine, frame, other));
    const fork = known < 0 ? frames.push(frame) : known + 1;
    i32[start + at + PTE_STATE] = state | (fork << PTE_FORK_SHIFT);
  }
}

/** What no KSM has touched since the fork is the same frame, or was written. */
function areOne({ frames, memory }: Machine, a: number, b: number): boolean {
  const isOfKsm = (frame: number): boolean => frame === ZERO_FRAME || frames.isKsm(frame);
  return a === b || ((isOfKsm(a) || isOfKsm(b)) && memory.core.framesEqual(a, b) !== 0);
}
