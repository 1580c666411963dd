/** What a heat map's colours stand for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Amounts, bytesOfShade } from '../../../src/web/heat-map/amounts.js';
import { heatMapData } from '../../../src/web/heat-map/heat-map-data.js';

const PAIRS = fc.uniqueArray(
  fc
    .record({ a: fc.nat(9), b: fc.nat(9), pages: fc.integer({ min: 1, max: 2 ** 30 }) })
    .map(({ a, b, pages }) => ({ a: Math.min(a, b), b: Math.max(a, b) + 1, pages })),
  { selector: ({ a, b }) => `${a} ${b}` },
);
const guests = Array.from({ length: 11 }, (_, at) => ({
  name: `vm${at}`,
  pages: 7,
  withOthers: { pages: 3 },
}));

test('each two have in common what is told of them, whichever is named first', () => {
  fc.assert(
    fc.property(PAIRS, (told) => {
      const data = heatMapData({ pageSize: 4096, guests, pairs: told, groups: [] });
      const amounts = new Amounts(guests.length, data.pairs);
      const both = new Map(told.map(({ a, b, pages }) => [`${a} ${b}`, pages * 4096]));
      for (let a = 0; a < guests.length; a++)
        for (let b = 0; b < guests.length; b++)
          expect(amounts.of(a, b)).toBe(both.get(`${Math.min(a, b)} ${Math.max(a, b)}`) ?? 0);
      expect(amounts.most).toBe(Math.max(0, ...both.values()));
    }),
  );
});

test('the legend says of a shade what has it, and more is never lighter', () => {
  const amounts = new Amounts(2, [0, 1, 2 ** 30]);
  fc.assert(
    fc.property(fc.nat(2 ** 30), fc.nat(2 ** 30), (one, other) => {
      expect(bytesOfShade(amounts.shade(one), amounts.most)).toBeCloseTo(one, 4);
      expect(Math.sign(amounts.shade(one) - amounts.shade(other))).toBe(Math.sign(one - other));
    }),
  );
  expect(new Amounts(2, []).shade(0)).toBe(0);
});
