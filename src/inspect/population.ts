/**
 * How many pages guests have, from regions and counters: no page is looked at. May be asked while
 * all threads go on.
 */
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

/** That all guests map as one. */
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
