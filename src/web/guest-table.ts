/**
 * All guests, a row each, in the order and of the names that somebody wants. Only what has changed
 * is written; a row stays the same element for as long as its guest is there.
 *
 * Rows do not change places under a pointer or the focus: they wait until both have gone. Those of
 * guests that come meanwhile stand last, and those of guests that go are marked as gone.
 */
import type { MapGuest } from '../protocol/routes/live.js';
import { figure, percent } from '../wording/amounts.js';
import { element, made, say } from './elements.js';
import { COLUMNS, type Column, chosen, numberOf, type Order, ordered } from './guest-order.js';
import { shortenedName } from './shortened-name.js';
import { mib } from './wording.js';

/** Of memory, in MiB, with a bar for its share of the guest's size. */
const MEMORY: readonly Column[] = ['present', 'merged', 'zero', 'known to KSM'];
const NUMBERS = COLUMNS.slice(1);

interface Row {
  readonly row: HTMLTableRowElement;
  readonly name: HTMLButtonElement;
  readonly cells: readonly { readonly text: HTMLElement; readonly bar: HTMLElement | undefined }[];
}

export class GuestTable {
  private readonly table = element('guests', HTMLTableElement);
  private readonly body: HTMLTableSectionElement;
  private readonly number = element('guest-count', HTMLSpanElement);
  private readonly search = element('guest-search', HTMLInputElement);
  private readonly none = element('no-guest', HTMLParagraphElement);
  private readonly heads = new Map<Column, HTMLTableCellElement>();
  private readonly rows = new Map<string, Row>();
  private guests: readonly MapGuest[] = [];
  private pageSize = 0;
  private order: Order | undefined;

  /** `onChoose` is told the name of a guest that is to be shown on the map. */
  constructor(private readonly onChoose: (guest: string) => void) {
    const [body] = this.table.tBodies;
    if (body === undefined) throw new Error('the table of guests has no body');
    this.body = body;
    const row = made('tr');
    row.append(...COLUMNS.map((column) => this.head(column)));
    this.table.tHead?.append(row);
    this.search.addEventListener('input', () => this.arrange());
    // Where the pointer and the focus have gone to is known by the next frame.
    for (const away of ['pointerleave', 'focusout'])
      body.addEventListener(away, () => requestAnimationFrame(() => this.settle()));
  }

  /** Guests are others. */
  fill(guests: readonly MapGuest[], pageSize: number): void {
    this.guests = guests;
    this.pageSize = pageSize;
    const names = new Set(guests.map(({ name }) => name));
    for (const [name, row] of this.rows) {
      if (names.has(name)) continue;
      this.rows.delete(name);
      markGone(name, row);
    }
    for (const guest of guests) this.write(guest);
    this.settle();
  }

  /** The numbers of these guests, by place, have changed. */
  update(guests: readonly MapGuest[], places: readonly number[]): void {
    for (const place of places) {
      const guest = guests[place];
      if (guest !== undefined) this.write(guest);
    }
    if (this.order !== undefined) this.settle();
  }

  /** Rows in their order, unless somebody is at one: then what is new stands below. */
  private settle(): void {
    if (this.body.matches(':hover, :focus-within')) {
      this.body.append(...this.wanted().filter(({ isConnected }) => !isConnected));
    } else this.arrange();
  }

  private head(column: Column): HTMLTableCellElement {
    const cell = made('th');
    cell.scope = 'col';
    const sort = made('button', column, 'sort');
    sort.type = 'button';
    if (column === 'size' || MEMORY.includes(column)) sort.append(made('span', ' MiB', 'unit'));
    sort.addEventListener('click', () => {
      this.order = chosen(column, this.order);
      for (const [each, head] of this.heads) {
        if (each !== column) head.removeAttribute('aria-sort');
        else head.ariaSort = this.order.isDescending ? 'descending' : 'ascending';
      }
      this.arrange();
    });
    cell.append(sort);
    this.heads.set(column, cell);
    return cell;
  }

  private write(guest: MapGuest): void {
    const row = this.rows.get(guest.name) ?? this.add(guest.name);
    const size = numberOf(guest, 'size');
    for (const [at, column] of NUMBERS.entries()) {
      const cell = row.cells[at];
      if (cell === undefined) continue;
      const value = numberOf(guest, column);
      const isMemory = column === 'size' || MEMORY.includes(column);
      say(cell.text, isMemory ? mib(value * this.pageSize) : figure(value));
      if (cell.bar === undefined) continue;
      const share = size === 0 ? 0 : Math.min(1, value / size);
      cell.bar.style.inlineSize = `${share * 100}%`;
      cell.text.title = `${figure(value)} pages, ${percent(share)} of the guest’s size`;
    }
  }

  private add(name: string): Row {
    const row = made('tr');
    const head = made('th');
    head.scope = 'row';
    const choose = made('button', '', 'link');
    choose.type = 'button';
    choose.append(shortenedName(name));
    choose.title = name;
    choose.ariaLabel = name;
    choose.addEventListener('click', () => {
      if (this.rows.get(name)?.row === row) this.onChoose(name);
    });
    head.append(choose);
    row.append(head);
    const cells = NUMBERS.map((column) => {
      const cell = made('td');
      const text = made('span');
      const bar = MEMORY.includes(column) ? made('i', '', 'share') : undefined;
      cell.append(text, ...(bar === undefined ? [] : [bar]));
      row.append(cell);
      return { text, bar };
    });
    const added = { row, name: choose, cells };
    this.rows.set(name, added);
    return added;
  }

  /** The rows that are searched for, in their order; how many that is is told. */
  private wanted(): readonly HTMLTableRowElement[] {
    const { guests, search, order } = this;
    const shown = ordered(guests, search.value, order);
    const all = figure(guests.length);
    say(this.number, shown.length === guests.length ? all : `${figure(shown.length)} of ${all}`);
    this.none.hidden = shown.length > 0 || guests.length === 0;
    return shown.flatMap(({ name }) => this.rows.get(name)?.row ?? []);
  }

  /** Rows in their order, moved only if it is another one. */
  private arrange(): void {
    const { body } = this;
    const rows = this.wanted();
    if (rows.length === body.rows.length && rows.every((row, at) => row === body.rows[at])) return;
    const focused = document.activeElement;
    body.replaceChildren(...rows);
    if (focused instanceof HTMLElement && body.contains(focused))
      focused.focus({ preventScroll: true });
  }
}

/** It is seen for as long as somebody is at the table. Its button keeps the focus that it has. */
function markGone(guest: string, { row, name }: Row): void {
  row.dataset.gone = '';
  name.title = `${guest} is gone`;
  name.ariaLabel = `${guest}, gone`;
  name.ariaDisabled = 'true';
}
