/** What `ksmd top` shows: a summary, a table of guests, and on a screen what keys there are. */
import { fittingParts } from '../terminal/fitting-parts.js';
import { type Span, type Style, type StyledLine, styledLine } from '../terminal/styled.js';
import { LEAST_NAME, shortened } from '../terminal/tables.js';
import { type GuestSample, type GuestUsage, guestUsage, type ScanSpan } from './guest-usage.js';
import { COLUMNS, type Column, NAME_COLUMN, type Order, sorted } from './top-columns.js';
import { summaryLines, topSummary } from './top-summary.js';

/** What a narrow screen does without, first to last, so that guests can be told by their names. */
const SPARED = ['COST', 'VIRT', 'SHR', 'HUGE', '%MEM', '%SCAN', '%CPU', 'RES'];
const BLANK = styledLine([]);
const HEADING_AND_KEYS = 2;

/** What is looked at. Without `before`, all the time since the daemon's start. */
export interface TopLook {
  readonly now: GuestSample;
  readonly before?: GuestSample | undefined;
  /** The last whole full scan, and how far the next one is, as far as they are known. */
  readonly lastScan?: ScanSpan | undefined;
  readonly doneShare?: number | undefined;
}

export interface View {
  readonly columns: number;
  readonly order: Order;
  /** A screen has only so many lines, and shows guests from the `first` on. */
  readonly screen?: { readonly rows: number; readonly first: number };
}

/** Lines no wider than the view. */
export function topLines(look: TopLook, { columns, order, screen }: View): StyledLine[] {
  const { now, before, lastScan, doneShare } = look;
  const guests = sorted(guestUsage(now, before, lastScan), order);
  const figures = fitting(guests, order, columns);
  const hasSummary = screen === undefined || summaryLines(screen.rows) > 0;
  const above = [
    ...(hasSummary
      ? [...topSummary(now, before, doneShare, { columns, rows: screen?.rows }), BLANK]
      : []),
    heading(figures, columns, order),
  ];
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
  const summary = summaryLines(rows);
  return Math.max(0, rows - (summary === 0 ? 0 : summary + 1) - HEADING_AND_KEYS);
}

/** The columns beside which names have room; what is sorted by is always among them. */
function fitting(guests: readonly GuestUsage[], order: Order, columns: number): Column[] {
  let figures = COLUMNS.filter(({ isShown }) => isShown?.(guests) ?? true);
  for (const spared of SPARED) {
    if (widthOf(figures) + LEAST_NAME <= columns) break;
    if (spared !== order) figures = figures.filter(({ name }) => name !== spared);
  }
  return figures;
}

/** Of all columns but the name's. */
function widthOf(figures: readonly Column[]): number {
  return figures.reduce((sum, { width }) => sum + width + 1, 0);
}

function heading(figures: readonly Column[], columns: number, order: Order): StyledLine {
  const style = (name: string): Style =>
    name === order ? ['inverse', 'bold', 'underline'] : 'inverse';
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
  const cells = figures.map(({ name, width, cell, style }): Span => {
    const text = `${cell(guest).padStart(width)} `;
    if (name === order) return { text, style: 'bold' };
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
  const some = shown === 0 ? '0' : `${first + 1}-${first + shown}`;
  const range = shown === guests ? `all ${guests}` : `${some} of ${guests}`;
  const scroll = shown === guests ? [] : ['up/down'];
  const parts = [range, `by ${order}`, '? help', 'q quit', '< > sort', ...scroll];
  return styledLine([{ text: fittingParts(parts, '  ', columns), style: 'gray' }], columns);
}
