/** All guests, a row each. Only what has changed is written. */
import type { MapGuest } from '../protocol/routes/live.js';
import { element, made, say } from './elements.js';
import { bytes, count } from './wording.js';

/** In the order of a guest's numbers: presentPages, mergedPages, zeroPages, rmapItems, visits. */
const COLUMNS = ['present', 'merged', 'zero', 'known to KSM', 'visits'];
const HEAD = ['guest', 'node', 'size', ...COLUMNS];

export class GuestTable {
  private readonly body: HTMLTableSectionElement;
  private readonly number = element('guest-count', HTMLSpanElement);
  private cells: (readonly HTMLElement[])[] = [];

  /** `onChoose` is told the name of a guest that is to be shown on the map. */
  constructor(private readonly onChoose: (guest: string) => void) {
    const table = element('guests', HTMLTableElement);
    const row = made('tr');
    for (const name of HEAD) {
      const cell = made('th', name);
      cell.scope = 'col';
      row.append(cell);
    }
    table.tHead?.append(row);
    const [body] = table.tBodies;
    if (body === undefined) throw new Error('the table of guests has no body');
    this.body = body;
  }

  /** Guests are others. */
  fill(guests: readonly MapGuest[], pageSize: number): void {
    say(this.number, count(guests.length));
    const rows = document.createDocumentFragment();
    this.cells = guests.map(({ name, node, numbers, regions }) => {
      const row = made('tr');
      const head = made('th');
      head.scope = 'row';
      const choose = made('button', name, 'link');
      choose.type = 'button';
      choose.title = 'show on the map';
      choose.addEventListener('click', () => this.onChoose(name));
      head.append(choose);
      const pages = regions.reduce((sum, region) => sum + region.pages, 0);
      const cells = COLUMNS.map((_, i) => made('td', count(numbers[i] ?? 0)));
      row.append(head, made('td', String(node)), made('td', bytes(pages * pageSize)), ...cells);
      rows.append(row);
      return cells;
    });
    this.body.replaceChildren(rows);
  }

  /** The numbers of these guests, by place, have changed. */
  update(guests: readonly MapGuest[], places: readonly number[]): void {
    for (const place of places) {
      const numbers = guests[place]?.numbers ?? [];
      this.cells[place]?.forEach((cell, i) => {
        say(cell, count(numbers[i] ?? 0));
      });
    }
  }
}
