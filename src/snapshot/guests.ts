/** What a snapshot's header says of guests and their regions. */
import {
  GUEST_INHERITED_ITEMS,
  GUEST_INHERITED_MERGING,
  GUEST_KHUGEPAGED,
  HUGE_TOUCHED,
  REGION_HUGE,
  SLOT_REGION,
} from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import type { RegionInfo } from '../ksm/named-guests.js';
import type { Stretches } from '../machine/stretches.js';
import { STRETCH_LETTERS } from './format.js';
import type { SnapshotHeader, SnapshotRegion } from './header-schema.js';

/** All that there are. While every other thread stands still. */
export function guestsOf(host: Host): SnapshotHeader['guests'] {
  const { i32 } = host.machine.memory;
  const kin = new Map<number, number>();
  return host.guests.names().map((name) => {
    const guest = host.guests.pointer(name);
    const items = i32[guest + GUEST_INHERITED_ITEMS];
    const merging = i32[guest + GUEST_INHERITED_MERGING];
    const khugepaged = i32[guest + GUEST_KHUGEPAGED];
    return {
      name,
      node: host.guests.node(name),
      ...(host.mergesAny(name) ? { mergesAny: true } : {}),
      ...(items === 0 && merging === 0 ? {} : { inherited: { items, merging } }),
      ...(khugepaged === 0 ? {} : { khugepaged }),
      regions: host.guests.regionsOf(name).map((region) => regionOf(host, name, region, kin)),
    };
  });
}

/** `kin`: of each region met that has some, the number of all of them. */
function regionOf(
  host: Host,
  guest: string,
  info: RegionInfo,
  kin: Map<number, number>,
): SnapshotRegion {
  const { regions, memory } = host.machine;
  const { i32 } = memory;
  const region = i32[host.guests.firstSlot(guest, info.name) + SLOT_REGION];
  const huge = i32[region + REGION_HUGE];
  if (regions.isForked(region) && !kin.has(region)) {
    const number = kin.size + 1;
    for (const each of regions.kin(region)) kin.set(each, number);
  }
  const number = kin.get(region);
  return {
    ...info,
    ...(huge === 0 ? {} : { stretches: lettersOf(host.machine.stretches, region) }),
    ...((huge & HUGE_TOUCHED) === 0 ? {} : { touched: true }),
    ...(number === undefined ? {} : { kin: number }),
  };
}

function lettersOf(stretches: Stretches, region: number): string {
  const letters: string[] = [];
  for (const start of stretches.of(region)) {
    if (stretches.isHuge(start)) letters.push(STRETCH_LETTERS.huge);
    // One that is being made has pages, and goes on page by page.
    else if (stretches.isSmall(start) || stretches.isTouched(start))
      letters.push(STRETCH_LETTERS.small);
    else letters.push(STRETCH_LETTERS.untouched);
  }
  return letters.join('');
}
