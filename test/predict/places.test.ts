/** Where pages of a sample lie, against a list of them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL_PLACES, PageSet } from '../../src/predict/places.js';

const RUNS = fc.array(
  fc.record({
    first: fc.oneof(
      fc.nat(3000),
      fc.nat(3000).map((page) => 2 ** 36 + page),
    ),
    pages: fc.integer({ min: 1, max: 700 }),
  }),
  { maxLength: 8 },
);

test('pages lie side by side, in order, and what is between them nowhere', () => {
  fc.assert(
    fc.property(RUNS, RUNS, (some, others) => {
      const set = new PageSet();
      for (const { first, pages } of some) set.add(first, pages);
      const more = new PageSet();
      for (const { first, pages } of others) more.add(first, pages);
      set.addAll(more);
      const known = new Set(
        [...some, ...others].flatMap(({ first, pages }) =>
          Array.from({ length: pages }, (_, at) => first + at),
        ),
      );
      const places = set.places();
      const inOrder = [...known].sort((a, b) => a - b);
      expect(inOrder.map((page) => places.of(page))).toEqual(inOrder.map((_page, at) => at));
      const near = inOrder.flatMap((page) => [page - 1, page, page + 1]);
      for (const page of [0, ...near, 2 ** 40].filter((each) => each >= 0)) {
        expect(places.has(page)).toBe(known.has(page));
        if (!known.has(page))
          expect(places.of(page)).toBe(inOrder.findLastIndex((each) => each < page) + 1);
      }
      expect(places.of(Number.MAX_SAFE_INTEGER)).toBe(known.size);
    }),
    { numRuns: 30 },
  );
});

test('of a whole recording each page lies where it was', () => {
  expect(ALL_PLACES.of(12_345)).toBe(12_345);
  expect(ALL_PLACES.has(12_345)).toBe(true);
});
