/**
 * How many pages are in each state. Looks at every slot, on the thread that asks, while the scanner
 * goes on: some ten milliseconds a million pages.
 */
import { SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { PAGE_STATES, type PageState } from '../names.js';
import { pageState } from './page-state.js';

export type PagesByState = Record<PageState, number>;

export function noPages(): PagesByState {
  return Object.fromEntries(PAGE_STATES.map((state) => [state, 0])) as PagesByState;
}

/** The pages of one guest. */
export function takeCensus(host: Host, guest: string): PagesByState {
  const counts = new Uint32Array(PAGE_STATES.length);
  for (const { name, pages } of host.regionsOf(guest)) {
    const first = host.firstSlot(guest, name);
    for (let slot = first; slot < first + pages * SLOT_WORDS; slot += SLOT_WORDS)
      counts[pageState(host.machine, slot)]++;
  }
  const census = noPages();
  for (const [index, state] of PAGE_STATES.entries()) census[state] = counts[index];
  return census;
}
