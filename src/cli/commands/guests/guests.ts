/** `ksmd guests`: all guests, or one with its regions. */

import { hex } from '../../../hex.js';
import type { Guest, GuestSummary } from '../../../protocol/routes/guests.js';
import { size, table } from '../../terminal/wording.js';
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

/** Huge pages have a column where there are any. */
function guestTable(all: readonly GuestSummary[], pageSize: number): string[] {
  const areAny = all.some(({ hugePages }) => hugePages > 0);
  const rows = all.map((guest) => [
    guest.name,
    String(guest.node),
    String(guest.regions),
    ...pages(guest.registeredPages, pageSize),
    ...pages(guest.presentPages, pageSize),
    ...(areAny ? [String(guest.hugePages)] : []),
    ...pages(guest.ksm_stat.ksm_merging_pages, pageSize),
  ]);
  const huge = areAny ? ['HUGE'] : [];
  return table(
    ['GUEST', 'NODE', 'REGIONS', 'PAGES', '', 'PRESENT', '', ...huge, 'MERGED', ''],
    rows,
  );
}

function regionTable({ regions }: Guest, pageSize: number): string[] {
  const areAny = regions.some(({ huge }) => huge);
  const rows = regions.map((region) => [
    region.name,
    hex(region.address),
    ...pages(region.pages, pageSize),
    ...(areAny ? [region.huge ? 'yes' : 'no'] : []),
  ]);
  return table(['REGION', 'ADDRESS', 'PAGES', '', ...(areAny ? ['HUGE'] : [])], rows);
}

/** The early kernel profiles do not count by guest. */
function pages(value: number | undefined, pageSize: number): [string, string] {
  return value === undefined ? ['-', ''] : [String(value), size(value * pageSize)];
}
