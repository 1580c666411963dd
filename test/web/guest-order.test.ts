/** Which guests the table shows, and in which order. */
import { expect, test } from 'vitest';
import type { MapGuest } from '../../src/protocol/routes/live.js';
import { type Column, chosen, ordered } from '../../src/web/guest-order.js';

function guest(name: string, pages: number, merged: number): MapGuest {
  const region = { name: 'ram', address: 0, pages, huge: false, first: 0 };
  return { name, node: pages % 2, numbers: [pages, merged, 1, 2, 3], regions: [region, region] };
}

const GUESTS = [guest('web-10', 3, 7), guest('DB', 4, 7), guest('web-2', 5, 9)];

const names = (search: string, column?: Column, isDescending = false): string =>
  ordered(GUESTS, search, column === undefined ? undefined : { column, isDescending })
    .map(({ name }) => name)
    .join(' ');

test('without an order it is the daemon’s', () => {
  expect(names('')).toBe('web-10 DB web-2');
});

test('names are in the order in which people count', () => {
  expect(names('', 'guest')).toBe('DB web-2 web-10');
  expect(names('', 'guest', true)).toBe('web-10 web-2 DB');
});

test('numbers go by their column, and equal ones by name', () => {
  expect(names('', 'size', true)).toBe('web-2 DB web-10');
  expect(names('', 'merged')).toBe('DB web-10 web-2');
  expect(names('', 'merged', true)).toBe('web-2 DB web-10');
  expect(names('', 'node')).toBe('DB web-2 web-10');
});

test('what is searched for may be anywhere in a name, in any case', () => {
  expect(names(' WEB ')).toBe('web-10 web-2');
  expect(names('b', 'guest')).toBe('DB web-2 web-10');
  expect(names('nobody')).toBe('');
});

test('a column begins with the greatest number or the first name, and is turned round', () => {
  const first = chosen('merged', undefined);
  expect(first).toEqual({ column: 'merged', isDescending: true });
  expect(chosen('merged', first)).toEqual({ column: 'merged', isDescending: false });
  expect(chosen('guest', first)).toEqual({ column: 'guest', isDescending: false });
});
