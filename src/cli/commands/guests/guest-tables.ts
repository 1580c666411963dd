/** The tables of `ksmd guests`: of all guests, and of the regions of one. */
import { hex } from '../../../hex.js';
import type { GuestSummary, Region } from '../../../protocol/routes/guests.js';
import { figure, size } from '../../../wording/amounts.js';
import { type Column, fittedTable } from '../../terminal/fitted-table.js';

/** Huge pages have a column where there are any, and who merges any. */
export function guestTable(
  guests: readonly GuestSummary[],
  pageSize: number,
  room: number,
): string[] {
  const areHuge = guests.some(({ hugePages }) => hugePages > 0);
  const mergeAny = guests.some(({ mergesAny }) => mergesAny);
  const merged = (guest: GuestSummary): number | undefined => {
    const pages = guest.ksm_stat.ksm_merging_pages;
    // The early kernel profiles do not count by guest.
    return typeof pages === 'number' ? pages : undefined;
  };
  const columns: Column<GuestSummary>[] = [
    { head: 'GUEST', of: ({ name }) => name, isName: true },
    { head: 'NODE', of: ({ node }) => String(node), goes: 1 },
    { head: 'REGIONS', of: ({ regions }) => figure(regions), goes: 2 },
    ...pages<GuestSummary>('PAGES', ({ registeredPages }) => registeredPages, pageSize, [7, 3]),
    ...pages<GuestSummary>('PRESENT', ({ presentPages }) => presentPages, pageSize, [9, 4]),
    ...when<GuestSummary>(areHuge, {
      head: 'HUGE',
      of: ({ hugePages }) => figure(hugePages),
      goes: 6,
    }),
    ...pages<GuestSummary>('MERGED', merged, pageSize, [undefined, 8]),
    ...when<GuestSummary>(mergeAny, {
      head: 'ANY',
      of: ({ mergesAny }) => (mergesAny ? 'yes' : 'no'),
      goes: 5,
    }),
  ];
  return fittedTable(columns, guests, room);
}

export function regionTable(regions: readonly Region[], pageSize: number, room: number): string[] {
  const areHuge = regions.some(({ huge }) => huge);
  const areBound = regions.some(({ node }) => node !== undefined);
  const columns: Column<Region>[] = [
    { head: 'REGION', of: ({ name }) => name, isName: true },
    { head: 'ADDRESS', of: ({ address }) => hex(address) },
    ...pages<Region>('PAGES', (region) => region.pages, pageSize, [4, 3]),
    ...when<Region>(areHuge, { head: 'HUGE', of: ({ huge }) => (huge ? 'yes' : 'no'), goes: 2 }),
    ...when<Region>(areBound, { head: 'NODE', of: ({ node }) => String(node ?? ''), goes: 1 }),
  ];
  return fittedTable(columns, regions, room);
}

/** How many they are, and how large; nothing where nobody counts. */
function pages<Item>(
  head: string,
  of: (item: Item) => number | undefined,
  pageSize: number,
  [countGoes, sizeGoes]: readonly [number | undefined, number],
): Column<Item>[] {
  const told = (item: Item, text: (pages: number) => string, otherwise: string): string => {
    const value = of(item);
    return value === undefined ? otherwise : text(value);
  };
  return [
    {
      head,
      of: (item) => told(item, figure, '-'),
      ...(countGoes === undefined ? {} : { goes: countGoes }),
    },
    { head: '', of: (item) => told(item, (n) => size(n * pageSize), ''), goes: sizeGoes },
  ];
}

function when<Item>(isThere: boolean, column: Column<Item>): Column<Item>[] {
  return isThere ? [column] : [];
}
