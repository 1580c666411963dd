/** Who shares with whom, on one screen: the groups first, then each guest, then what it is. */
import type { Estimated } from '../../../estimate/scale.js';
import type { Shared } from '../../../estimate/shared.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { count, percent, size, table } from '../../terminal/wording.js';

/** Of guests, pairs and the like: more than that is for --json. */
const MOST_ROWS = 20;

export function sharedScreen(
  result: Shared,
  { pageSize, sample }: Pick<RecordingHeader, 'pageSize' | 'sample'>,
  withMatrix: boolean,
): string[] {
  const bytes = (pages: number): string => size(pages * pageSize);
  const about = ({ pages, error }: Estimated): string =>
    error === 0 ? bytes(pages) : `${bytes(pages)} ± ${bytes(error)}`;
  const { guests, between } = result;
  const pages = guests.reduce((sum, guest) => sum + guest.pages, 0);
  return [
    `${count(guests.length, 'guest')}, ${bytes(pages)}: ${about(between)} ` +
      `(${percent(between.pages / Math.max(pages, 1))}) could be saved between them, ` +
      'zero pages apart',
    '',
    ...groupLines(result),
    ...table(
      ['GUEST', 'PRESENT', 'ZEROES', 'WITHIN', 'LOST IF IT LEAVES', 'MOST WITH'],
      guests
        .slice(0, MOST_ROWS)
        .map((guest, at) => [
          guest.name,
          bytes(guest.pages),
          bytes(guest.zeroPages),
          about(guest.within),
          about(guest.withOthers),
          mostWith(result, at),
        ]),
    ),
    ...more(guests.length),
    '',
    ...(withMatrix ? [...matrix(result, bytes), ''] : []),
    ...tenantLines(result, about),
    ...mappingLines(result, bytes, about),
    ...contentLines(result),
    result.unadvisedPages === 0
      ? 'As if all private memory were advised mergeable.'
      : `As KSM sees it now: ${bytes(result.unadvisedPages)} are left out that are not advised ` +
        "mergeable, on hosts where something is ('--all' takes them too).",
    ...(sample === 1 ? [] : [`Of one content in ${sample}: ± holds 95 times in 100.`]),
  ];
}

/** Those that share with one another half of what the smaller has, and more. */
function groupLines({ groups, guests }: Shared): string[] {
  if (groups.length === 0) return [];
  const lines = groups
    .slice(0, MOST_ROWS)
    .map((group) => `  ${group.map((at) => guests[at]?.name).join(', ')}`);
  return ['Alike by half of their contents and more:', ...lines, ...more(groups.length), ''];
}

function mostWith({ pairs, guests }: Shared, at: number): string {
  const pair = pairs.find(({ a, b }) => a === at || b === at);
  if (pair === undefined) return '-';
  return guests[pair.a === at ? pair.b : pair.a]?.name ?? '-';
}

/** What each two have in common, in the order of the table above. */
function matrix({ guests, pairs }: Shared, bytes: (pages: number) => string): string[] {
  const shown = guests.slice(0, MOST_ROWS);
  const both = new Map(pairs.map(({ a, b, pages }) => [`${a}/${b}`, pages]));
  const cell = (a: number, b: number): string => {
    if (a === b) return '·';
    const pages = both.get(`${Math.min(a, b)}/${Math.max(a, b)}`);
    return pages === undefined ? '-' : bytes(pages);
  };
  return table(
    ['', ...shown.map((_guest, at) => String(at + 1))],
    shown.map(({ name }, a) => [`${a + 1} ${name}`, ...shown.map((_guest, b) => cell(a, b))]),
  );
}

function tenantLines(
  { tenants, acrossTenants }: Shared,
  about: (estimated: Estimated) => string,
): string[] {
  if (tenants === undefined) return [];
  return [
    ...table(
      ['TENANT', 'GUESTS', 'BETWEEN ITS GUESTS'],
      tenants.map((tenant) => [tenant.name, String(tenant.guests), about(tenant.between)]),
    ),
    `Merging only within tenants gives up ${about(acrossTenants)}. No kernel does that: ` +
      'tenants would need hosts of their own.',
    '',
  ];
}

function mappingLines(
  { mappings }: Shared,
  bytes: (pages: number) => string,
  about: (estimated: Estimated) => string,
): string[] {
  if (mappings.length === 0) return [];
  return [
    ...table(
      ['MAPPING', 'PRESENT', 'EQUAL TO OTHERS'],
      mappings.map(({ label, pages, equal }) => [
        label === '' ? '(anonymous)' : label,
        bytes(pages),
        about(equal),
      ]),
    ),
    '',
  ];
}

function contentLines({ contents }: Shared): string[] {
  if (contents.length === 0) return [];
  return [
    ...table(
      ['CONTENT', 'PAGES', 'GUESTS'],
      contents.map(({ fingerprint, pages, guests }) => [
        fingerprint,
        pages.toLocaleString('en'),
        String(guests.length),
      ]),
    ),
    '',
  ];
}

function more(all: number): string[] {
  return all <= MOST_ROWS ? [] : [`and ${(all - MOST_ROWS).toLocaleString('en')} more (--json)`];
}
