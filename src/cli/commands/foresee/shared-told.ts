/** What is told of who shares with whom, on a terminal and on a page alike. */
import type { Estimated } from '../../../estimate/scale.js';
import type { Shared } from '../../../estimate/shared.js';
import { count, figure, percent, size } from '../../../wording/amounts.js';

/** Of which hosts, and what their pages are. */
export interface SharedTold extends Shared {
  readonly hosts: readonly string[];
  readonly pageSize: number;
  /** One content in so many was looked at. */
  readonly sample: number;
}

export interface SharedTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is to be said of it. */
  readonly note?: string;
}

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
    head: ['Guest', 'Present', 'Zeroes', 'Within', 'Lost if it leaves', 'Most with'],
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
  const { tenants, acrossTenants, mappings, contents, pageSize } = told;
  const ofTenants: SharedTable = {
    head: ['Tenant', 'Guests', 'Between its guests'],
    rows: (tenants ?? []).map(({ name, guests, between }) => [
      name,
      figure(guests),
      about(told, between),
    ]),
    note:
      `Merging only within tenants gives up ${about(told, acrossTenants)}. No kernel does that: ` +
      'tenants would need hosts of their own.',
  };
  const ofMappings: SharedTable = {
    head: ['Mapping', 'Present', 'Equal to others'],
    rows: mappings.map(({ label, pages, equal }) => [
      label === '' ? '(anonymous)' : label,
      size(pages * pageSize),
      about(told, equal),
    ]),
  };
  const ofContents: SharedTable = {
    head: ['Content', 'Pages', 'Guests'],
    rows: contents.map(({ fingerprint, pages, guests }) => [
      fingerprint,
      figure(pages),
      figure(guests.length),
    ]),
  };
  return [ofTenants, ofMappings, ofContents].filter(({ rows }) => rows.length > 0);
}

/** What the figures rest on. */
export function sharedBasis({ unadvisedPages, pageSize, sample }: SharedTold): string[] {
  return [
    unadvisedPages === 0
      ? 'As if all private memory were advised mergeable.'
      : `As KSM sees it now: ${size(unadvisedPages * pageSize)} are left out that are not ` +
        "advised mergeable, on hosts where something is ('--all' takes them too).",
    ...(sample === 1 ? [] : [`Of one content in ${figure(sample)}: ± holds 95 times in 100.`]),
  ];
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
