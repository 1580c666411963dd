/**
 * How many pages guests have, from regions and counters: no page is looked at. May be asked while
 * all threads go on.
 */
import { PTE_FRAME } from '../core/layout.js';
import { readCounter } from '../ksm/counters.js';
import type { Host } from '../ksm/host.js';

export interface Population {
  /** Pages of regions, touched or not. */
  readonly registeredPages: number;
  /** Of these, with a frame, their own or shared. */
  readonly presentPages: number;
  /** Of these, mapping the zero page because KSM has put it there: they have no frame. */
  readonly zeroPages: number;
}

/** Of one guest. */
export function registeredPages(host: Host, guest: string): number {
  return host.guests.regionsOf(guest).reduce((sum, { pages }) => sum + pages, 0);
}

/** Huge pages, each once, however many guests map it since a fork. */
export function hugePagesInUse({ machine }: Host): number {
  const { memory, guests, regions, stretches, frames } = machine;
  const folios = new Set<number>();
  for (const guest of guests.live())
    for (let region = regions.first(guest); region !== 0; region = regions.next(region)) {
      if (regions.isGhost(region)) continue;
      for (const start of stretches.of(region))
        if (stretches.isHuge(start)) folios.add(frames.folio(memory.i32[start + PTE_FRAME]));
    }
  return folios.size;
}

/** That all guests map as one: one that several share since a fork counts in each. */
export function hugePages(host: Host): number {
  return host.guests.names().reduce((sum, guest) => sum + host.guests.hugePages(guest), 0);
}

/** Of all guests. */
export function population(host: Host): Population {
  const guests = host.guests.names();
  return {
    registeredPages: guests.reduce((sum, guest) => sum + registeredPages(host, guest), 0),
    presentPages: guests.reduce((sum, guest) => sum + host.guests.presentPages(guest), 0),
    zeroPages: readCounter(host.machine.memory, 'ksm_zero_pages'),
  };
}
