/** `ksmd fleet report`: what the fleet has, and what KSM saves there and could, host by host. */
import type { FleetIdentity } from '../../../fleet/dataset.js';
import type { Engine, Row } from '../../../fleet/engine.js';
import { report } from '../../../fleet/report.js';
import { count, figure, percent, size } from '../../../wording/amounts.js';
import { table } from '../../terminal/tables.js';
import type { Session } from '../../verb.js';
import { about, contentOf, more, numberOf, textOf } from './rows.js';

export async function tellReport(
  { json, print, printJson }: Session,
  engine: Engine,
  identity: FleetIdentity,
  top: number,
): Promise<void> {
  const rows = await report(engine, identity);
  if (json) printJson(rows);
  else print(...linesOf(rows.hosts, rows.together, rows.contents, top));
}

function linesOf(
  hosts: readonly Row[],
  [together]: readonly Row[],
  contents: readonly Row[],
  top: number,
): string[] {
  const pageSize = numberOf(hosts[0], 'page_size');
  const sample = numberOf(hosts[0], 'sample');
  const bytes = (pages: number): string => size(pages * pageSize);
  const sum = (name: string): number => hosts.reduce((all, row) => all + numberOf(row, name), 0);
  const saved = (row: Row | undefined): number =>
    numberOf(row, 'saved_pages') + numberOf(row, 'zero_pages');
  const savedOf = (row: Row | undefined): string =>
    about(saved(row), numberOf(row, 'saved_error_pages'), bytes);
  const pages = sum('pages');
  const possible = sum('saved_pages') + sum('zero_pages');
  const between = sum('between_guests_pages');
  const within = Math.max(sum('saved_pages') - between, 0);
  const best = [...hosts].sort((a, b) => saved(b) - saved(a)).slice(0, top);
  return [
    `${count(hosts.length, 'host')}, ${count(sum('guests'), 'guest')}, ` +
      `${bytes(pages)}: ${about(possible, sum('saved_error_pages'), bytes)} ` +
      `(${percent(possible / Math.max(pages, 1))}) could be saved at most where they are`,
    `  zero pages ${bytes(sum('zero_pages'))}, between guests ` +
      `${about(between, sum('between_guests_error_pages'), bytes)}, ` +
      `within guests ${bytes(within)}`,
    `  on one host, all together: ${savedOf(together)}`,
    `  merged by their KSM now: ${bytes(sum('merged_pages'))}`,
    '',
    ...table(
      [
        'HOST',
        'DAY',
        'GUESTS',
        'PRESENT',
        'MERGED',
        'SAVED',
        'ZEROES',
        'BETWEEN',
        'RESTLESS',
        'CHANGED',
      ],
      best.map((row) => [
        textOf(row, 'host'),
        textOf(row, 'day'),
        figure(numberOf(row, 'guests')),
        bytes(numberOf(row, 'pages')),
        bytes(numberOf(row, 'merged_pages')),
        savedOf(row),
        bytes(numberOf(row, 'zero_pages')),
        bytes(numberOf(row, 'between_guests_pages')),
        bytes(numberOf(row, 'volatile_pages')),
        bytes(numberOf(row, 'changed_pages')),
      ]),
    ),
    ...more(hosts.length, top),
    '',
    ...(contents.length === 0 ? [] : [...contentTable(contents), '']),
    'As if all private memory were advised mergeable; ' +
      `${percent(sum('advised_pages') / Math.max(pages, 1))} is.`,
    ...(sample === 1 ? [] : [`Of one content in ${figure(sample)}: ± holds 95 times in 100.`]),
  ];
}

function contentTable(contents: readonly Row[]): string[] {
  return table(
    ['CONTENT', 'PAGES', 'GUESTS', 'HOSTS'],
    contents.map((row) => [
      contentOf(row),
      ...['pages', 'guests', 'hosts'].map((name) => figure(numberOf(row, name))),
    ]),
  );
}
