/**
 * The states of all pages, as they were at the last look, and which guest and region each belongs to.
 *
 * A look reads ten bytes of shared memory a page, on the thread that asks: no other thread notices. Where guests and regions are is read anew only when they
 * have changed.
 */
import type { GUEST_NUMBERS, MapGuest, PageMapAnswer } from '../api/live.js';
import { PAGE_STATES } from '../api/pages.js';
import { CTL_REGIONS_EPOCH, SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { pageStates } from '../ksm/page-state.js';
import { changedRuns } from './page-runs.js';

const UNTOUCHED = PAGE_STATES.indexOf('untouched');

export interface Look {
  /** Guests or regions are not what they were. */
  readonly rearranged: boolean;
  /** What has changed since the look before. */
  readonly runs: Uint8Array;
  /** Guests whose numbers have changed, by place. */
  readonly rows: readonly [number, number[]][];
}

export class PageMap {
  /** Counts looks. */
  tick = 0;
  /** The slot the scanner goes on at; -1 if it stands at none. */
  cursor = -1;
  private guests: readonly (MapGuest & { readonly pointer: number })[] = [];
  private arrangement = '';
  private states = new Uint8Array(0);
  private scratch = new Uint8Array(0);
  private rendered: { readonly tick: number; readonly answer: string } | undefined;

  constructor(private readonly host: Host) {
    this.look(true);
  }

  /** Looks at all pages; at the guests' numbers too if `numbers`. */
  look(numbers: boolean): Look {
    this.tick++;
    const rearranged = this.arrange();
    const { machine } = this.host;
    const { scratch } = this;
    scratch.fill(UNTOUCHED);
    for (const { regions } of this.guests) {
      for (const { first, pages } of regions) {
        pageStates(machine, machine.memory.slotTable + first * SLOT_WORDS, scratch.subarray(first, first + pages));
      }
    }
    const runs = changedRuns(this.states, scratch);
    this.scratch = this.states;
    this.states = scratch;
    this.cursor = this.slotAtCursor();
    return { rearranged, runs, rows: numbers && !rearranged ? this.changedRows() : [] };
  }

  /** The whole map at the last look, as JSON. Made once a look. */
  answer(): string {
    const { tick, states } = this;
    if (this.rendered?.tick === tick) return this.rendered.answer;
    const runs = Buffer.from(changedRuns(new Uint8Array(states.length), states)).toString('base64');
    const guests = this.guests.map(({ pointer: _, ...guest }) => guest);
    const { pageSize } = this.host.machine;
    const answer = JSON.stringify({ tick, pageSize, states: [...PAGE_STATES], guests, slots: states.length, runs } satisfies PageMapAnswer);
    this.rendered = { tick, answer };
    return answer;
  }

  /** Reads where guests and regions are, if that has changed. */
  private arrange(): boolean {
    const { host } = this;
    const { i32, slotTable } = host.machine.memory;
    const names = host.guestNames();
    const last = names.at(-1);
    // Ids only go up: no other set of guests has as many and the same last one.
    const arrangement = `${Atomics.load(i32, CTL_REGIONS_EPOCH)} ${names.length} ${last === undefined ? 0 : host.guestId(last)}`;
    if (arrangement === this.arrangement) return false;
    this.arrangement = arrangement;
    let end = 0;
    this.guests = names.map((name) => ({
      name,
      node: host.guestNode(name),
      pointer: host.guestPointer(name),
      numbers: this.numbersOf(name),
      regions: host.regionsOf(name).map((region) => {
        const first = (host.firstSlot(name, region.name) - slotTable) / SLOT_WORDS;
        end = Math.max(end, first + region.pages);
        return { ...region, first };
      }),
    }));
    if (end > this.states.length) {
      this.scratch = new Uint8Array(end);
      const states = new Uint8Array(end);
      states.set(this.states);
      this.states = states;
    }
    return true;
  }

  private numbersOf(name: string): number[] {
    const { mergedPages, zeroPages, rmapItems, visits } = this.host.guestTotals(name);
    const numbers: Record<(typeof GUEST_NUMBERS)[number], number> = {
      presentPages: this.host.presentPages(name),
      mergedPages,
      zeroPages,
      rmapItems,
      visits,
    };
    return Object.values(numbers);
  }

  private changedRows(): [number, number[]][] {
    const rows: [number, number[]][] = [];
    this.guests.forEach((guest, place) => {
      const numbers = this.numbersOf(guest.name);
      if (numbers.every((number, i) => number === guest.numbers[i])) return;
      guest.numbers.splice(0, numbers.length, ...numbers);
      rows.push([place, numbers]);
    });
    return rows;
  }

  private slotAtCursor(): number {
    const { list } = this.host.ksm;
    const { cursor, cursorVpn } = list;
    const { pageSize } = this.host.machine;
    const guest = this.guests.find(({ pointer }) => pointer === cursor);
    for (const { address, pages, first } of guest?.regions ?? []) {
      const page = Math.max(0, cursorVpn - address / pageSize);
      if (page < pages) return first + page;
    }
    return -1;
  }
}
