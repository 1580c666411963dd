/** `ksmd guests`: all guests, or one with its regions. */

import { hex } from '../../../hex.js';
import type { Guest, GuestSummary } from '../../../protocol/routes/guests.js';
import { fittedTable, size } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';

export const action: Action<[string | undefined], object> = async (
  { client, json, print, printJson },
  [name],
) => {
  if (name === undefined) {
    const all = await client.guests();
    const { pageSize } = await client.status();
    if (json) printJson(all);
    else print(...guestTable(all, pageSize));
    return undefined;
  }
  const guest = await client.guest(name);
  const { pageSize } = await client.status();
  const summary = { ...guest, regions: guest.regions.length };
  if (json) printJson(guest);
  else print(...guestTable([summary], pageSize), '', ...regionTable(guest, pageSize));
  return undefined;
};

/** Huge pages have a column where there are any, and who merges any. */
function guestTable(all: readonly GuestSummary[], pageSize: number): string[] {
  const areAny = all.some(({ hugePages }) => hugePages > 0);
  const mergeAny = all.some(({ mergesAny }) => mergesAny);
  const rows = all.map((guest) => [
    guest.name,
    String(guest.node),
    String(guest.regions),
    ...pages(guest.registeredPages, pageSize),
    ...pages(guest.presentPages, pageSize),
    ...(areAny ? [String(guest.hugePages)] : []),
    ...pages(guest.ksm_stat.ksm_merging_pages, pageSize),
    ...(mergeAny ? [guest.mergesAny ? 'yes' : 'no'] : []),
  ]);
  const huge = areAny ? ['HUGE'] : [];
  const any = mergeAny ? ['ANY'] : [];
  return fitted(
    ['GUEST', 'NODE', 'REGIONS', 'PAGES', '', 'PRESENT', '', ...huge, 'MERGED', '', ...any],
    rows,
  );
}

function regionTable({ regions }: Guest, pageSize: number): string[] {
  const areAny = regions.some(({ huge }) => huge);
  const areBound = regions.some(({ node }) => node !== undefined);
  const rows = regions.map((region) => [
    region.name,
    hex(region.address),
    ...pages(region.pages, pageSize),
    ...(areAny ? [region.huge ? 'yes' : 'no'] : []),
    ...(areBound ? [String(region.node ?? '')] : []),
  ]);
  const more = [...(areAny ? ['HUGE'] : []), ...(areBound ? ['NODE'] : [])];
  return fitted(['REGION', 'ADDRESS', 'PAGES', '', ...more], rows);
}

function fitted(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const { columns = Number.POSITIVE_INFINITY } = process.stdout;
  return fittedTable(head, rows, ['GUEST', 'REGION'], columns);
}

/** The early kernel profiles do not count by guest. */
function pages(value: number | string | undefined, pageSize: number): [string, string] {
  return typeof value !== 'number' ? ['-', ''] : [String(value), size(value * pageSize)];
}
