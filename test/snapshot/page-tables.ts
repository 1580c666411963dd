/** What page tables say, whichever frames they name, for two hosts to be held to each other. */
import {
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_HUGE,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_STABLE,
  SLOT_REGION,
} from '../../src/core/layout.js';
import type { Host } from '../../src/ksm/host.js';

/** Numbers things by the order in which they are met. */
class Numbers {
  private readonly met = new Map<number, number>();

  of(thing: number): number {
    const number = this.met.get(thing) ?? this.met.size;
    this.met.set(thing, number);
    return number;
  }
}

/**
 * Of each region its advice, its kin, its stretches and its pages: which share a frame, which of
 * these are KSM pages that list which, which are part of one huge page, and what may be written.
 */
export function pageTables(host: Host): unknown {
  const { i32 } = host.machine.memory;
  const { frames, stretches, regions } = host.machine;
  const numbers = { frames: new Numbers(), hugePages: new Numbers() };
  const places = new Map<number, string>();
  for (const guest of host.guests.names())
    for (const { name } of host.guests.regionsOf(guest))
      places.set(i32[host.guests.firstSlot(guest, name) + SLOT_REGION], `${guest} ${name}`);
  const pageAt = (slot: number): string => {
    const state = i32[slot + PTE_STATE];
    const advice = (state & PTE_MERGEABLE) !== 0 ? 'm' : '';
    if ((state & PTE_PRESENT) === 0) return `${advice}${(state & PTE_ZERO) !== 0 ? 'zero' : ''}`;
    const frame = i32[slot + PTE_FRAME];
    const folio = frames.folio(frame);
    const stable = frames.stableNode(frame);
    const isListed =
      stable !== 0 &&
      (i32[slot + RMAP_FLAGS] & RMAP_STABLE) !== 0 &&
      i32[slot + RMAP_HEAD] === stable;
    return [
      advice,
      numbers.frames.of(frame),
      (state & PTE_OWN) !== 0 ? 'w' : '',
      frames.isKsm(frame) ? 'k' : '',
      stable !== 0 ? 's' : '',
      isListed ? 'l' : '',
      folio === 0 ? '' : `h${numbers.hugePages.of(folio)}`,
    ].join('');
  };
  return [...places].map(([region, place]) => ({
    place,
    huge: i32[region + REGION_HUGE],
    isForked: regions.isForked(region),
    kin: [...regions.kin(region)].map((kin) => places.get(kin)).sort(),
    stretches: [...stretches.of(region)].map(
      (start) => `${stretches.isHuge(start) ? 'h' : ''}${stretches.isSmall(start) ? 's' : ''}`,
    ),
    pages: Array.from({ length: regions.pages(region) }, (_, page) =>
      pageAt(regions.slot(region, regions.vpn(region) + page)),
    ).join(' '),
  }));
}

/** Pages resident in each guest, and huge pages among them. */
export function memoryOf(host: Host): unknown {
  return host.guests.names().map((name) => ({
    name,
    rss: host.guests.presentPages(name),
    huge: host.guests.hugePages(name),
  }));
}
