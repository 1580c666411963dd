/** Kin: regions that were one before their guests forked, and pages at the same place of them. */
import {
  PTE_FORK_MASK,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  REGION_KIN,
  REGION_SLOT,
  SLOT_REGION,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';

/** What a pte says of the fork that its page has been shared since; 0 if its frame is its own. */
export function forkOf(state: number): number {
  return state & PTE_FORK_MASK;
}

/** A region and its kin. */
export function ringOf({ memory }: Machine, region: number): readonly number[] {
  const ring = [region];
  for (
    let kin = memory.i32[region + REGION_KIN];
    kin !== region;
    kin = memory.i32[kin + REGION_KIN]
  )
    ring.push(kin);
  return ring;
}

/** The first slots of all regions but this one that were one with it. */
export function kinStarts(machine: Machine, region: number): number[] {
  return ringOf(machine, region)
    .slice(1)
    .map((kin) => machine.memory.i32[kin + REGION_SLOT]);
}

/** Slots of other guests that have mapped the frame that the slot's page maps since a fork. */
export function* sharingKin({ memory }: Machine, slot: number): Generator<number, void, void> {
  const { i32 } = memory;
  const region = i32[slot + SLOT_REGION];
  const frame = i32[slot + PTE_FRAME];
  const at = slot - i32[region + REGION_SLOT];
  const fork = forkOf(i32[slot + PTE_STATE]);
  if (fork === 0) return;
  for (let kin = i32[region + REGION_KIN]; kin !== region; kin = i32[kin + REGION_KIN]) {
    const other = i32[kin + REGION_SLOT] + at;
    const state = i32[other + PTE_STATE];
    const isPresent = (state & PTE_PRESENT) !== 0;
    if (isPresent && forkOf(state) === fork && i32[other + PTE_FRAME] === frame) yield other;
  }
}
