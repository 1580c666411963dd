/** Who shares with whom, on one screen: the groups first, then each guest, then what it is. */
import { figure, size } from '../../../wording/amounts.js';
import { fittedTable } from '../../terminal/fitted-table.js';
import { prose } from '../../terminal/rows.js';
import { table } from '../../terminal/tables.js';
import {
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
    ...groupLines(told),
    ...fitted(guestTable(told)),
    ...(withMatrix ? [...matrix(told), ''] : []),
    ...otherTables(told).flatMap(fitted),
    ...prose(sharedBasis(told), columns),
  ];
}

function groupLines(told: SharedTold): string[] {
  const names = groupNames(told);
  if (names.length === 0) return [];
  const lines = names.slice(0, MOST_ROWS).map((group) => `  ${group}`);
  return ['Alike by half of their contents and more:', ...lines, ...more(names.length), ''];
}

/** A narrow terminal does without the columns at the right. */
function tableLines({ head, rows, note }: SharedTable, room: number): string[] {
  const columns = head.map((name, at) => ({
    head: name.toUpperCase(),
    of: (row: readonly string[]): string => row[at] ?? '',
    ...(at === 0 ? { isName: true as const } : {}),
    ...(at > 1 ? { goes: head.length - at } : {}),
  }));
  return [
    ...fittedTable(columns, rows.slice(0, MOST_ROWS), room),
    ...more(rows.length),
    ...prose(note === undefined ? [] : [note], room),
    '',
  ];
}

/** What each two have in common, in the order of the table above. */
function matrix({ guests, pairs, pageSize }: SharedTold): string[] {
  const shown = guests.slice(0, MOST_ROWS);
  const both = new Map(pairs.map(({ a, b, pages }) => [`${a}/${b}`, pages]));
  const cell = (a: number, b: number): string => {
    if (a === b) return '·';
    const pages = both.get(`${Math.min(a, b)}/${Math.max(a, b)}`);
    return pages === undefined ? '-' : size(pages * pageSize);
  };
  return table(
    ['', ...shown.map((_guest, at) => String(at + 1))],
    shown.map(({ name }, a) => [`${a + 1} ${name}`, ...shown.map((_guest, b) => cell(a, b))]),
  );
}

function more(all: number): string[] {
  return all <= MOST_ROWS ? [] : [`and ${figure(all - MOST_ROWS)} more (--json)`];
}
