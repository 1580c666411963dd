/** Who shares with whom, on one screen: the groups first, then each guest, then what it is. */
import { printable } from '../../../printable.js';
import { figure, size } from '../../../wording/amounts.js';
import { fittedTable } from '../../terminal/fitted-table.js';
import { indented, prose } from '../../terminal/rows.js';
import { LEAST_NAME, shortened, table } from '../../terminal/tables.js';
import {
  GROUPS_HEAD,
  groupNames,
  guestTable,
  otherTables,
  type SharedTable,
  type SharedTold,
  sharedBasis,
  sharedHeadline,
} from './shared-told.js';

/** Of guests, pairs and the like: more than that is for --json. */
const MOST_ROWS = 20;

export function sharedScreen(
  told: SharedTold,
  withMatrix: boolean,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const fitted = (each: SharedTable): string[] => tableLines(each, columns);
  return [
    ...prose([sharedHeadline(told)], columns),
    '',
    ...groupLines(told, columns),
    ...fitted(guestTable(told)),
    ...(withMatrix ? [...matrix(told, columns), ''] : []),
    ...otherTables(told).flatMap(fitted),
    ...prose(sharedBasis(told), columns),
  ];
}

function groupLines(told: SharedTold, columns: number): string[] {
  const names = groupNames(told);
  if (names.length === 0) return [];
  const lines = names.slice(0, MOST_ROWS).flatMap((group) => indented(group, columns));
  const head = prose([`${GROUPS_HEAD}:`], columns);
  return [...head, ...lines, ...more(names.length), ''];
}

function tableLines({ columns, rows, note }: SharedTable, room: number): string[] {
  const cells = columns.map((column, at) => ({
    ...column,
    head: column.head.toUpperCase(),
    of: (row: readonly string[]): string => row[at] ?? '',
  }));
  return [
    ...fittedTable(cells, rows.slice(0, MOST_ROWS), room),
    ...more(rows.length),
    ...prose(note === undefined ? [] : [note], room),
    '',
  ];
}

/**
 * What each two have in common, in the order of the table above. Where not all stand beside each
 * other, however short their names are made, there are as many tables as it takes.
 */
function matrix({ guests, pairs, pageSize }: SharedTold, room: number): string[] {
  const shown = guests.slice(0, MOST_ROWS);
  const both = new Map(pairs.map(({ a, b, pages }) => [`${a}/${b}`, pages]));
  const cell = (a: number, b: number): string => {
    if (a === b) return '·';
    const pages = both.get(`${Math.min(a, b)}/${Math.max(a, b)}`);
    return pages === undefined ? '-' : size(pages * pageSize);
  };
  const cells = shown.map((_guest, a) => shown.map((_other, b) => cell(a, b)));
  const width = 2 + Math.max(2, ...cells.flat().map(({ length }) => length));
  const numberWidth = String(shown.length).length + 1;
  const whole = numberWidth + Math.max(...shown.map(({ name }) => printable(name).length));
  const least = Math.min(whole, numberWidth + LEAST_NAME);
  const beside = Math.max(1, Math.min(shown.length, Math.floor((room - least) / width)));
  const names = Math.min(whole, room - beside * width);
  const nameOf = (at: number): string => {
    const number = `${at + 1} `;
    return number + shortened(printable(shown[at]?.name ?? ''), names - number.length);
  };
  const tableFrom = (from: number): string[] =>
    table(
      ['', ...shown.slice(from, from + beside).map((_guest, at) => String(from + at + 1))],
      cells.map((row, at) => [nameOf(at), ...row.slice(from, from + beside)]),
    );
  return shown.flatMap((_guest, at) =>
    at % beside === 0 ? [...(at === 0 ? [] : ['']), ...tableFrom(at)] : [],
  );
}

function more(all: number): string[] {
  return all <= MOST_ROWS ? [] : [`and ${figure(all - MOST_ROWS)} more (--json)`];
}
