/**
 * The states of all pages, as they were when last looked at, and which guest and region each
 * belongs to.
 *
 * With a million pages, to look at all of them takes many milliseconds. So a look goes as far as it
 * may, and the next one goes on from there; the pages that the scanner has passed meanwhile come
 * first. One look or answer at a time. It reads shared memory on the thread that asks, and no other
 * notices. Where guests and regions are is read anew only when they have changed; then all pages
 * are looked at.
 */
import { CTL_REGIONS_EPOCH, SLOT_WORDS } from '../../core/layout.js';
import { pageStates } from '../../inspect/page-state.js';
import type { Host } from '../../ksm/host.js';
import type { LongWork } from '../../machine/long-work.js';
import { PAGE_STATES } from '../../names.js';
import type { GUEST_NUMBERS, MapGuest, PageMapAnswer } from '../../protocol/routes/live.js';
import { changedRunLengths, type SlotRange } from './run-lengths.js';

const UNTOUCHED = PAGE_STATES.indexOf('untouched');
/** Pages looked at between two questions whether to go on. */
const CHUNK_PAGES = 16_384;
/** How far a look goes that is to see all of them. */
export const ALL_PAGES = (): boolean => true;

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
  /** Where the regions' slots are, in order. */
  private regions: readonly SlotRange[] = [];
  private states = new Uint8Array(0);
  /** As long: what a look finds, where it looks. */
  private found = new Uint8Array(0);
  /** The slot that the next look goes on at. */
  private next = 0;
  private rendered: { readonly tick: number; readonly answer: string } | undefined;

  /** Empty until the first look. */
  constructor(private readonly host: Host) {}

  /**
   * Looks at pages as long as `mayGoOn` says so, and not at any twice; at the guests' numbers too
   * if `numbers`.
   */
  *look(numbers: boolean, mayGoOn: () => boolean): LongWork<Look> {
    this.tick++;
    const rearranged = this.arrange();
    const before = this.cursor;
    this.cursor = this.slotAtCursor();
    // Before the first page is looked at: what is passed from now on is the next look's.
    const passed =
      before >= 0 && this.cursor > before && this.cursor - before <= CHUNK_PAGES
        ? [this.seen(before, this.cursor)]
        : [];
    // At once, too: a guest of these may have left when all pages are looked at.
    const rows = numbers && !rearranged ? this.changedRows() : [];
    if (rearranged) this.found.fill(UNTOUCHED);
    const swept = yield* this.sweep(rearranged ? ALL_PAGES : mayGoOn);
    const ranges = rearranged
      ? [{ from: 0, to: this.found.length }]
      : [...passed, ...swept].sort((a, b) => a.from - b.from);
    const runs = yield* changedRunLengths(this.states, this.found, ranges);
    for (const { from, to } of ranges) this.states.set(this.found.subarray(from, to), from);
    return { rearranged, runs, rows };
  }

  /** The whole map at the last look, as JSON. Made once a look. */
  *answer(): LongWork<string> {
    const { tick, states } = this;
    if (this.rendered?.tick === tick) return this.rendered.answer;
    const runs = yield* changedRunLengths(new Uint8Array(states.length), states);
    const guests = this.guests.map(({ pointer: _, ...guest }) => guest);
    const { pageSize } = this.host.machine;
    const answer = JSON.stringify({
      tick,
      pageSize,
      states: [...PAGE_STATES],
      guests,
      slots: states.length,
      runs: Buffer.from(runs).toString('base64'),
    } satisfies PageMapAnswer);
    this.rendered = { tick, answer };
    return answer;
  }

  /** Reads where guests and regions are, if that has changed. */
  private arrange(): boolean {
    const { host } = this;
    const { i32, slotTable } = host.machine.memory;
    const names = host.guests.names();
    const last = names.at(-1);
    // Ids only go up: no other set of guests has as many and the same last one.
    const arrangement =
      `${Atomics.load(i32, CTL_REGIONS_EPOCH)} ${names.length} ` +
      `${last === undefined ? 0 : host.guests.id(last)}`;
    if (arrangement === this.arrangement) return false;
    this.arrangement = arrangement;
    let end = 0;
    this.guests = names.map((name) => ({
      name,
      node: host.guests.node(name),
      pointer: host.guests.pointer(name),
      numbers: this.numbersOf(name),
      regions: host.guests.regionsOf(name).map((region) => {
        const first = (host.guests.firstSlot(name, region.name) - slotTable) / SLOT_WORDS;
        end = Math.max(end, first + region.pages);
        return { ...region, first };
      }),
    }));
    this.regions = this.guests
      .flatMap(({ regions }) =>
        regions.map(({ first, pages }) => ({ from: first, to: first + pages })),
      )
      .sort((a, b) => a.from - b.from);
    if (end > this.states.length) {
      this.found = new Uint8Array(end);
      const states = new Uint8Array(end);
      states.set(this.states);
      this.states = states;
    }
    return true;
  }

  /** Looks at pages of regions from `next` on, once around at most. */
  private *sweep(mayGoOn: () => boolean): LongWork<SlotRange[]> {
    const { regions } = this;
    const ranges: SlotRange[] = [];
    let place = Math.max(
      0,
      regions.findIndex(({ to }) => to > this.next),
    );
    let left = regions.reduce((sum, { from, to }) => sum + to - from, 0);
    while (left > 0 && (ranges.length === 0 || mayGoOn())) {
      const region = regions[place] ?? { from: 0, to: 0 };
      const from = Math.min(Math.max(this.next, region.from), region.to);
      const to = Math.min(region.to, from + CHUNK_PAGES, from + left);
      ranges.push(this.seen(from, to));
      yield;
      left -= to - from;
      this.next = to;
      if (to < region.to) continue;
      place = (place + 1) % regions.length;
      this.next = regions[place]?.from ?? 0;
    }
    return ranges;
  }

  /** Looks at the pages of these slots. */
  private seen(from: number, to: number): SlotRange {
    const { machine } = this.host;
    pageStates(
      machine,
      machine.memory.slotTable + from * SLOT_WORDS,
      this.found.subarray(from, to),
    );
    return { from, to };
  }

  private numbersOf(name: string): number[] {
    const { mergedPages, zeroPages, rmapItems, visits } = this.host.files.guestTotals(name);
    const numbers: Record<(typeof GUEST_NUMBERS)[number], number> = {
      presentPages: this.host.guests.presentPages(name),
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
