/**
 * What `ksmd top` shows: a summary, and a table of guests in the columns of procps' top and some of
 * KSM's.
 */

import { figure } from '../../wording/amounts.js';
import { briefSize, inHundred } from '../terminal/column-figures.js';
import { type Span, type Style, type StyledLine, styledLine } from '../terminal/styled.js';
import { LEAST_NAME, shortened } from '../terminal/tables.js';
import { type GuestSample, type GuestUsage, guestUsage } from './guest-usage.js';
import { SUMMARY_LINES, topSummary } from './top-summary.js';

/** What a key sorts by: the largest first, but names from A to Z. */
export const ORDERS = {
  s: { column: 'SAVED', by: ({ savedBytes }: GuestUsage) => -savedBytes },
  m: { column: 'RES', by: ({ presentBytes }: GuestUsage) => -presentBytes },
  p: { column: '%CPU', by: ({ cpus }: GuestUsage) => -cpus },
  c: { column: '%SCAN', by: ({ scannerShare }: GuestUsage) => -scannerShare },
  n: { column: 'GUEST', by: () => 0 },
} as const;
export type Order = keyof typeof ORDERS;

export function isOrder(key: string): key is Order {
  return Object.hasOwn(ORDERS, key);
}

interface Column {
  readonly name: string;
  readonly width: number;
  readonly cell: (guest: GuestUsage) => string;
  readonly style?: (guest: GuestUsage) => Style;
  /** Only where there is anything to show. */
  readonly isShown?: (guests: readonly GuestUsage[]) => boolean;
}

const STATE_STYLES: Readonly<Record<GuestUsage['state'], Style>> = {
  R: 'green',
  D: 'red',
  S: 'gray',
};

const COLUMNS: readonly Column[] = [
  { name: 'VIRT', width: 5, cell: ({ registeredBytes }) => briefSize(registeredBytes) },
  { name: 'RES', width: 5, cell: ({ presentBytes }) => briefSize(presentBytes) },
  { name: 'SHR', width: 5, cell: ({ sharedBytes }) => briefSize(sharedBytes) },
  {
    name: 'HUGE',
    width: 5,
    cell: ({ hugePages }) => figure(hugePages),
    isShown: (guests) => guests.some(({ hugePages }) => hugePages > 0),
  },
  { name: 'S', width: 1, cell: ({ state }) => state, style: ({ state }) => STATE_STYLES[state] },
  { name: '%CPU', width: 5, cell: ({ cpus }) => inHundred(cpus) },
  { name: '%MEM', width: 5, cell: ({ memoryShare }) => inHundred(memoryShare) },
  { name: 'SAVED', width: 6, cell: ({ savedBytes }) => briefSize(savedBytes) },
  { name: 'COST', width: 5, cell: ({ bookkeepingBytes }) => briefSize(bookkeepingBytes) },
  { name: '%SCAN', width: 5, cell: ({ scannerShare }) => inHundred(scannerShare) },
];
/** What a narrow screen does without, first to last, so that guests can be told by their names. */
const SPARED = ['COST', 'VIRT', 'SHR', 'HUGE', '%MEM', '%SCAN', '%CPU', 'RES'];
const NAME_COLUMN = 'GUEST';
const BLANK = styledLine([]);

export interface View {
  readonly columns: number;
  readonly order: Order;
  /** A screen has only so many lines, and shows guests from the `first` on. */
  readonly screen?: { readonly rows: number; readonly first: number };
}

/** Lines no wider than the view. `now` alone tells of all the time since the daemon's start. */
export function topLines(
  now: GuestSample,
  before: GuestSample | undefined,
  { columns, order, screen }: View,
): StyledLine[] {
  const guests = sorted(guestUsage(now, before), order);
  const figures = fitting(guests, order, columns);
  const above = [...topSummary(now, before, columns), BLANK, heading(figures, columns, order)];
  const rowOf = (guest: GuestUsage): StyledLine => row(figures, guest, order, columns);
  if (screen === undefined) return [...above, ...guests.map(rowOf)];
  const room = guestRoom(screen.rows);
  const shown = guests.slice(screen.first, screen.first + room);
  const blank = Array.from({ length: room - shown.length }, () => BLANK);
  return [
    ...above,
    ...shown.map(rowOf),
    ...blank,
    footer(guests.length, screen.first, shown.length, order, columns),
  ];
}

/**
 * How many guests a screen of so many lines shows, below the summary, an empty line and the
 * heading, and above the keys.
 */
export function guestRoom(rows: number): number {
  return Math.max(0, rows - SUMMARY_LINES - 3);
}

function sorted(guests: readonly GuestUsage[], order: Order): GuestUsage[] {
  const { by } = ORDERS[order];
  return guests.toSorted(
    (a, b) => by(a) - by(b) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}

/** The columns beside which names have room; what is sorted by is always among them. */
function fitting(guests: readonly GuestUsage[], order: Order, columns: number): Column[] {
  let figures = COLUMNS.filter(({ isShown }) => isShown?.(guests) ?? true);
  for (const spared of SPARED) {
    if (widthOf(figures) + LEAST_NAME <= columns) break;
    if (spared !== ORDERS[order].column) figures = figures.filter(({ name }) => name !== spared);
  }
  return figures;
}

/** Of all columns but the name's. */
function widthOf(figures: readonly Column[]): number {
  return figures.reduce((sum, { width }) => sum + width + 1, 0);
}

function heading(figures: readonly Column[], columns: number, order: Order): StyledLine {
  const sortedBy = ORDERS[order].column;
  const style = (name: string): Style =>
    name === sortedBy ? ['inverse', 'bold', 'underline'] : 'inverse';
  const names = figures.flatMap(({ name, width }): Span[] => {
    const blank = ' '.repeat(width - name.length);
    return [
      ...(blank === '' ? [] : [{ text: blank, style: 'inverse' as const }]),
      { text: name, style: style(name) },
      { text: ' ', style: 'inverse' },
    ];
  });
  const rest = Number.isFinite(columns)
    ? ' '.repeat(Math.max(0, columns - widthOf(figures) - NAME_COLUMN.length))
    : '';
  return styledLine(
    [...names, { text: NAME_COLUMN, style: style(NAME_COLUMN) }, { text: rest, style: 'inverse' }],
    columns,
  );
}

function row(
  figures: readonly Column[],
  guest: GuestUsage,
  order: Order,
  columns: number,
): StyledLine {
  const sortedBy = ORDERS[order].column;
  const cells = figures.map(({ name, width, cell, style }): Span => {
    const text = `${cell(guest).padStart(width)} `;
    if (name === sortedBy) return { text, style: 'bold' };
    return style === undefined ? { text } : { text, style: style(guest) };
  });
  return styledLine(
    [...cells, { text: shortened(guest.name, columns - widthOf(figures)) }],
    columns,
  );
}

function footer(
  guests: number,
  first: number,
  shown: number,
  order: Order,
  columns: number,
): StyledLine {
  const range =
    shown === guests ? `all ${guests}` : `${first + 1}-${first + shown} of ${guests} up/down`;
  const keys = 'q quit  s saved  m mem  p cpu  c scan  n name';
  const text = `${range}  by ${ORDERS[order].column}  ${keys}`;
  return styledLine([{ text, style: 'gray' }], columns);
}
