/** What is told of who shares with whom, on a terminal and on a page alike. */

import type { MappingShared } from '../../../estimate/mapping-shared.js';
import type { Estimated } from '../../../estimate/scale.js';
import type { Shared } from '../../../estimate/shared.js';
import { count, figure, percent, size } from '../../../wording/amounts.js';
import { WORTH_SHARE } from './worth.js';

/** Of which hosts, and what their pages are. */
export interface SharedTold extends Shared {
  readonly hosts: readonly string[];
  readonly pageSize: number;
  /** One content in so many was looked at. */
  readonly sample: number;
}

export interface SharedColumn {
  readonly head: string;
  /** A name, of which both ends stay where there is little room. */
  readonly isName?: true;
  /** In which turn a narrow terminal does without it, 1 first; without a turn it stays. */
  readonly goes?: number;
}

export interface SharedTable {
  readonly title: string;
  readonly columns: readonly SharedColumn[];
  readonly rows: readonly (readonly string[])[];
  /** What is to be said of it. */
  readonly note?: string;
}

/** Guests of a content that are named. */
const NAMED = 3;

export function sharedHeadline(told: SharedTold): string {
  const { hosts, guests, between, pageSize } = told;
  const pages = guests.reduce((sum, guest) => sum + guest.pages, 0);
  return (
    `${count(guests.length, 'guest')}, ${size(pages * pageSize)}: ${about(told, between)} ` +
    `(${percent(between.pages / Math.max(pages, 1))}) could be saved between them` +
    `${hosts.length > 1 ? ' if all were on one host' : ''}, zero pages apart`
  );
}

export const GROUPS_HEAD = 'Alike, each two by half of what the larger one has, and more';

/** Names of those that are alike so. */
export function groupNames({ groups, guests }: SharedTold): string[] {
  return groups.map((group) => group.map((at) => guests[at]?.name).join(', '));
}

export function guestTable(told: SharedTold): SharedTable {
  return {
    title: 'Guests',
    columns: [
      { head: 'Guest', isName: true },
      { head: 'Present', goes: 3 },
      { head: 'Zeroes', goes: 1 },
      { head: 'Within', goes: 2 },
      { head: 'Lost if it leaves' },
      { head: 'Most with', isName: true, goes: 4 },
    ],
    rows: told.guests.map((guest, at) => [
      guest.name,
      size(guest.pages * told.pageSize),
      size(guest.zeroPages * told.pageSize),
      about(told, guest.within),
      about(told, guest.withOthers),
      mostWith(told, at),
    ]),
  };
}

/** Those that say something: of tenants, of mappings, of contents. */
export function otherTables(told: SharedTold): SharedTable[] {
  return [tenantTable(told), mappingTable(told), contentTable(told)].filter(
    ({ rows }) => rows.length > 0,
  );
}

function tenantTable(told: SharedTold): SharedTable {
  const { tenants, acrossTenants } = told;
  return {
    title: 'Tenants',
    columns: [
      { head: 'Tenant', isName: true },
      { head: 'Guests', goes: 1 },
      { head: 'Between its guests' },
    ],
    rows: (tenants ?? []).map(({ name, guests, between }) => [
      name,
      figure(guests),
      about(told, between),
    ]),
    note:
      `Merging only within tenants gives up ${about(told, acrossTenants)}. No kernel does that: ` +
      'tenants would need hosts of their own.',
  };
}

function mappingTable(told: SharedTold): SharedTable {
  const { mappings, pageSize, unadvisedPages } = told;
  return {
    title: 'Which mappings are worth advising',
    columns: [
      { head: 'Mapping', isName: true },
      { head: 'Present', goes: 1 },
      { head: 'Saves at most' },
      { head: 'Advised', goes: 2 },
      { head: 'Verdict', goes: 3 },
    ],
    rows: mappings.map((mapping) => [
      mapping.label === '' ? '(anonymous)' : mapping.label,
      size(mapping.pages * pageSize),
      about(told, mapping.saves),
      isAdvised(mapping),
      verdictOf(mapping),
    ]),
    note:
      `Saves at most: with all else advised too, zero pages apart; two mappings may save the ` +
      `same. Worth it from ${percent(WORTH_SHARE)} of its pages on.` +
      (unadvisedPages === 0 ? '' : " Those not advised are left out: '--all' has them."),
  };
}

function isAdvised({ pages, advisedPages }: MappingShared): string {
  if (advisedPages === 0) return 'no';
  return advisedPages === pages ? 'yes' : percent(advisedPages / pages);
}

function verdictOf({ pages, advisedPages, saves }: MappingShared): string {
  const isWorthIt = saves.pages >= pages * WORTH_SHARE;
  if (advisedPages === 0) return isWorthIt ? 'advise' : 'leave';
  if (!isWorthIt) return 'no use';
  return advisedPages === pages ? 'keep' : 'advise';
}

function contentTable({ contents, guests: all }: SharedTold): SharedTable {
  return {
    title: 'Contents that most pages have',
    columns: [
      { head: 'Content', isName: true, goes: 2 },
      { head: 'Pages' },
      { head: 'Guests', goes: 1 },
      { head: 'Where', isName: true },
    ],
    rows: contents.map(({ fingerprint, pages, guests }) => {
      const names = guests.slice(0, NAMED).map((guest) => all[guest]?.name ?? '');
      const others = guests.length - names.length;
      return [
        fingerprint,
        figure(pages),
        figure(guests.length),
        names.join(', ') + (others === 0 ? '' : ` and ${figure(others)} more`),
      ];
    }),
  };
}

/** What the figures rest on. */
export function sharedBasis(told: SharedTold): string[] {
  const { sample } = told;
  return [
    whatCounts(told),
    ...(sample === 1 ? [] : [`Of one content in ${figure(sample)}: ± holds 95 times in 100.`]),
  ];
}

function whatCounts({ unadvisedPages, advisedPages, guests, pageSize }: SharedTold): string {
  if (unadvisedPages > 0)
    return (
      `As KSM sees it now: ${size(unadvisedPages * pageSize)} are left out that are not ` +
      "advised mergeable, on hosts where something is ('--all' takes them too)."
    );
  const pages = guests.reduce((sum, guest) => sum + guest.pages, 0);
  return advisedPages === pages && pages > 0
    ? 'As KSM sees it now: all of it is advised mergeable.'
    : 'As if all of it were advised mergeable.';
}

function about({ pageSize }: SharedTold, { pages, error }: Estimated): string {
  const bytes = size(pages * pageSize);
  return error === 0 ? bytes : `${bytes} ± ${size(error * pageSize)}`;
}

function mostWith({ pairs, guests }: SharedTold, at: number): string {
  const pair = pairs.find(({ a, b }) => a === at || b === at);
  if (pair === undefined) return '-';
  return guests[pair.a === at ? pair.b : pair.a]?.name ?? '-';
}
