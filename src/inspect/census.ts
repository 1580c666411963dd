/**
 * How many pages are in each state. Looks at every slot, on the thread that asks, while all threads
 * go on: some ten milliseconds a million pages.
 */
import { SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import { PAGE_STATES, type PageState } from '../names.js';
import { pageState } from './page-state.js';
import { unchanged } from './unchanged.js';

export type PagesByState = Record<PageState, number>;

export function noPages(): PagesByState {
  return Object.fromEntries(PAGE_STATES.map((state) => [state, 0])) as PagesByState;
}

/** The pages of one guest. Undefined if it exits meanwhile, or regions of any guest change. */
export function* takeCensus(host: Host, guest: string): LongWork<PagesByState | undefined> {
  const isUnchanged = unchanged(host, guest);
  const counts = new Uint32Array(PAGE_STATES.length);
  for (const { name, pages } of host.guests.regionsOf(guest)) {
    const first = host.guests.firstSlot(guest, name);
    for (let page = 0; page < pages; page++) {
      if (page % PAGES_A_STEP === 0) {
        yield;
        if (!isUnchanged()) return undefined;
      }
      counts[pageState(host.machine, first + page * SLOT_WORDS)]++;
    }
  }
  const census = noPages();
  for (const [index, state] of PAGE_STATES.entries()) census[state] = counts[index];
  return census;
}
