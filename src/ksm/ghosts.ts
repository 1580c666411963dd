/**
 * What an earlier mapping left behind. Rmap items that outlived it go on with a new mapping of the
 * same addresses, and keep their place in trees and lists. So it is in the kernel, which finds
 * rmap items by address. While the scanner is parked.
 */
import { REGION_RMAP_ITEMS, RMAP_FLAGS, RMAP_IN_USE } from '../core/layout.js';
import type { Machine } from '../machine/machine.js';

/**
 * Hands the items of all ghosts that `region`, just mapped, covers on to it. What is left of a
 * ghost on either side stays only if it has items.
 */
export function adoptItems(machine: Machine, guest: number, region: number): void {
  const { regions } = machine;
  const start = regions.vpn(region);
  const end = start + regions.pages(region);
  for (let ghost = regions.endingAbove(guest, start); ghost !== 0 && regions.vpn(ghost) < end; ) {
    const next = regions.next(ghost);
    if (regions.isGhost(ghost)) adoptFrom(machine, ghost, region);
    ghost = next;
  }
}

function adoptFrom(machine: Machine, ghost: number, region: number): void {
  const { regions } = machine;
  const { i32 } = machine.memory;
  const start = regions.vpn(region);
  const end = start + regions.pages(region);
  const ghostStart = regions.vpn(ghost);
  const after =
    ghostStart + regions.pages(ghost) > end ? regions.splitGhost(ghost, end - ghostStart) : 0;
  const covered = ghostStart < start ? regions.splitGhost(ghost, start - ghostStart) : ghost;
  const first = regions.vpn(covered);
  for (let vpn = first; vpn < first + regions.pages(covered); vpn++) {
    const slot = regions.slot(covered, vpn);
    if ((i32[slot + RMAP_FLAGS] & RMAP_IN_USE) !== 0)
      machine.memory.core.rmapItemMove(slot, regions.slot(region, vpn));
  }
  regions.destroy(covered);
  for (const rest of covered === ghost ? [after] : [ghost, after]) {
    if (rest !== 0 && i32[rest + REGION_RMAP_ITEMS] === 0) regions.destroy(rest);
  }
}
