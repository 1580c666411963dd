/**
 * Which guests a table shows, and in which order: by one of its columns, as names or as numbers,
 * of those whose names have what is searched for.
 */
import type { MapGuest } from '../protocol/routes/live.js';

export const COLUMNS = [
  'guest',
  'node',
  'size',
  'present',
  'merged',
  'zero',
  'known to KSM',
  'visits',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  readonly column: Column;
  readonly isDescending: boolean;
}

/** web-2 comes before web-10. */
const names = new Intl.Collator('en', { numeric: true });

/** Of a column that has numbers. Sizes are in pages. */
export function numberOf({ node, numbers, regions }: MapGuest, column: Column): number {
  const at = COLUMNS.indexOf(column);
  if (column === 'node') return node;
  if (column === 'size') return regions.reduce((sum, { pages }) => sum + pages, 0);
  // The rest are in the order of a guest's numbers.
  return numbers[at - COLUMNS.indexOf('present')] ?? 0;
}

/** Without an order, the daemon's. Of those that are equal the name says which is first. */
export function ordered(
  guests: readonly MapGuest[],
  search: string,
  order: Order | undefined,
): readonly MapGuest[] {
  const wanted = search.trim().toLowerCase();
  const found = guests.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (order === undefined) return found;
  const { column, isDescending } = order;
  const sign = isDescending ? -1 : 1;
  if (column === 'guest') return found.sort((a, b) => sign * names.compare(a.name, b.name));
  return found
    .map((guest) => ({ guest, number: numberOf(guest, column) }))
    .sort((a, b) => sign * (a.number - b.number) || names.compare(a.guest.name, b.guest.name))
    .map(({ guest }) => guest);
}

/** A column that is chosen once more is turned round. Numbers begin with the greatest. */
export function chosen(column: Column, before: Order | undefined): Order {
  if (before?.column === column) return { column, isDescending: !before.isDescending };
  return { column, isDescending: column !== 'guest' };
}
