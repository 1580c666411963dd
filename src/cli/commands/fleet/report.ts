/** `ksmd fleet report`: what the fleet has, and what KSM saves there and could, host by host. */
import type { Estimated } from '../../../estimate/scale.js';
import type { FleetIdentity } from '../../../fleet/dataset.js';
import type { Engine, Row } from '../../../fleet/engine.js';
import { type FleetReport, report } from '../../../fleet/report.js';
import { count, figure, percent, size } from '../../../wording/amounts.js';
import { type Column, fittedTable } from '../../terminal/fitted-table.js';
import { indented, prose } from '../../terminal/rows.js';
import type { Session } from '../../verb.js';
import { about, contentOf, estimateColumns, more, numberOf, textOf } from './rows.js';

/** Hosts that are named where something is said of some. */
const NAMED = 3;

export async function tellReport(
  { json, print, printJson }: Session,
  engine: Engine,
  identity: FleetIdentity,
  top: number,
): Promise<void> {
  const rows = await report(engine, identity);
  if (json) printJson(rows);
  else print(...reportScreen(rows, top, process.stdout.columns));
}

export function reportScreen(
  { hosts, together: [together], contents }: FleetReport,
  top: number,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const pageSize = numberOf(hosts[0], 'page_size');
  const sample = numberOf(hosts[0], 'sample');
  const bytes = (pages: number): string => size(pages * pageSize);
  const sum = (name: string): number => hosts.reduce((all, row) => all + numberOf(row, name), 0);
  const error = (name: string): number => numberOf(together, `hosts_${name}_error_pages`);
  const pages = sum('pages');
  const possible = sum('saved_pages') + sum('zero_pages');
  const between = sum('between_guests_pages');
  const within = Math.max(sum('saved_pages') - between, 0);
  const best = [...hosts].sort((a, b) => savedOf(b).pages - savedOf(a).pages).slice(0, top);
  const inAll = savedOf(together);
  return [
    ...prose(
      [
        `${count(hosts.length, 'host')}, ${count(sum('guests'), 'guest')}, ` +
          `${bytes(pages)}: ${about(possible, error('saved'), bytes)} ` +
          `(${percent(possible / Math.max(pages, 1))}) could be saved at most where they are`,
      ],
      room,
    ),
    ...[
      `zero pages ${bytes(sum('zero_pages'))}, between guests ` +
        `${about(between, error('between_guests'), bytes)}, ` +
        `within guests ${about(within, error('within_guests'), bytes)}`,
      `on one host, all together: ${about(inAll.pages, inAll.error, bytes)}`,
      `merged by their KSM now: ${bytes(sum('merged_pages'))}`,
      ...olderDays(hosts),
      ...olderFiles(hosts),
    ].flatMap((line) => indented(line, room)),
    '',
    ...fittedTable(hostColumns(best, bytes), best, room),
    ...more(hosts.length, top),
    '',
    ...(contents.length === 0 ? [] : [...fittedTable(CONTENT_COLUMNS, contents, room), '']),
    ...prose(
      [
        'As if all private memory were advised mergeable; ' +
          `${percent(sum('advised_pages') / Math.max(pages, 1))} is.`,
        ...(sample === 1 ? [] : [`Of one content in ${figure(sample)}: ± holds 95 times in 100.`]),
      ],
      room,
    ),
  ];
}

/** Hosts of which some files do not tell who a guest is: one that is in others too counts twice. */
function olderFiles(hosts: readonly Row[]): string[] {
  const mixed = hosts.filter((row) => numberOf(row, 'guests_by_name') > 0);
  if (mixed.length === 0) return [];
  return [
    `${count(mixed.length, 'host')} with files of before guests were told apart by more than ` +
      `names: ${listed(mixed.map((row) => textOf(row, 'host')))}; who is in these and in others ` +
      'counts twice: remove them, and add their recordings again',
  ];
}

/** A few of them, and how many there are besides. */
function listed(names: readonly string[]): string {
  const rest = names.length > NAMED ? ` and ${figure(names.length - NAMED)} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${rest}`;
}

/** Hosts of which nothing is known of the newest day, by name: a guest may have left them since. */
function olderDays(hosts: readonly Row[]): string[] {
  const dayOf = (row: Row | undefined): string => textOf(row, 'day');
  const byDay = [...hosts].sort((a, b) => (dayOf(a) < dayOf(b) ? -1 : 1));
  const newest = dayOf(byDay.at(-1));
  const older = byDay.filter((row) => dayOf(row) < newest);
  if (older.length === 0) return [];
  const named = older.map((row) => `${textOf(row, 'host')} (${dayOf(row)})`);
  return [
    `${count(older.length, 'host')} not captured since ${newest}: ${listed(named)}; ` +
      'who has moved from there since counts twice',
  ];
}

function savedOf(row: Row | undefined): Estimated {
  const pages = numberOf(row, 'saved_pages') + numberOf(row, 'zero_pages');
  return { pages, error: numberOf(row, 'saved_error_pages') };
}

function betweenOf(row: Row): Estimated {
  return {
    pages: numberOf(row, 'between_guests_pages'),
    error: numberOf(row, 'between_guests_error_pages'),
  };
}

/** What is saved is told however narrow the terminal is. */
function hostColumns(hosts: readonly Row[], bytes: (pages: number) => string): Column<Row>[] {
  const of =
    (name: string) =>
    (row: Row): string =>
      bytes(numberOf(row, name));
  return [
    { head: 'HOST', of: (row) => textOf(row, 'host'), isName: true },
    { head: 'DAY', of: (row) => textOf(row, 'day'), goes: 5 },
    { head: 'GUESTS', of: (row) => figure(numberOf(row, 'guests')), goes: 7 },
    { head: 'PRESENT', of: of('pages'), goes: 10 },
    { head: 'MERGED', of: of('merged_pages'), goes: 8 },
    ...estimateColumns('SAVED', hosts, savedOf, bytes, 6),
    { head: 'ZEROES', of: of('zero_pages'), goes: 3 },
    ...estimateColumns('BETWEEN', hosts, betweenOf, bytes, 4, 9),
    { head: 'RESTLESS', of: of('volatile_pages'), goes: 2 },
    { head: 'CHANGED', of: of('changed_pages'), goes: 1 },
  ];
}

const CONTENT_COLUMNS: readonly Column<Row>[] = [
  { head: 'CONTENT', of: contentOf, isName: true },
  ...['pages', 'guests', 'hosts'].map((name) => ({
    head: name.toUpperCase(),
    of: (row: Row) => figure(numberOf(row, name)),
  })),
];
