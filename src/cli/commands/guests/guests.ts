/** `ksmd guests`: all guests, or one with its regions. */
import type { Action } from '../../verb.js';
import { guestTable, regionTable } from './guest-tables.js';

export const action: Action<[string | undefined], object> = async (
  { client, json, print, printJson },
  [name],
) => {
  // A file or a pipe has all columns.
  const room = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  if (name === undefined) {
    const all = await client.guests();
    const { pageSize } = await client.status();
    if (json) printJson(all);
    else print(...guestTable(all, pageSize, room));
    return undefined;
  }
  const guest = await client.guest(name);
  const { pageSize } = await client.status();
  const { regions } = guest;
  if (json) printJson(guest);
  else
    print(
      ...guestTable([{ ...guest, regions: regions.length }], pageSize, room),
      '',
      ...regionTable(regions, pageSize, room),
    );
  return undefined;
};
