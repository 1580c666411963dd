/** Where pages are on the map. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MapGuest } from '../../../src/protocol/routes/live.js';
import {
  arrange,
  bySlot,
  CELLS,
  cellOf,
  firstEndingAfter,
  fittingCell,
  pageAt,
} from '../../../src/web/map/arrangement.js';

/** Guests whose regions have so many pages each, with slots in some order. */
function guestsOf(sizes: readonly (readonly number[])[]): MapGuest[] {
  let first = 0;
  // The last guest has the first slots: places in memory are not in the order of guests.
  const slots = [...sizes].reverse().map((regions) =>
    regions.map((pages) => {
      first += pages;
      return first - pages;
    }),
  );
  return sizes.map((regions, guest) => ({
    name: `guest-${guest}`,
    node: 0,
    numbers: [],
    regions: regions.map((pages, i) => ({
      name: `r${i}`,
      address: 4096 * (i + 1) * 10_000,
      pages,
      huge: false,
      first: slots.at(-1 - guest)?.[i] ?? 0,
    })),
  }));
}

const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 4 }), {
  maxLength: 30,
});

test('every page has a cell of its own, within the map, and is found there', () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 60, max: 1200 }),
      fc.constantFrom(...CELLS),
      (regions, width, cell) => {
        const guests = guestsOf(regions);
        const arrangement = arrange(guests, width, cell);
        const taken = new Set<string>();
        for (const block of arrangement.blocks) {
          for (let page = 0; page < block.region.pages; page++) {
            const { x, y } = cellOf(block, page);
            expect(x).toBeLessThan(arrangement.columns);
            expect(y).toBeLessThan(arrangement.rows);
            taken.add(`${x} ${y}`);
          }
          const last = cellOf(block, block.region.pages - 1);
          expect(pageAt(arrangement, last.x, last.y)).toEqual({
            block,
            page: block.region.pages - 1,
          });
        }
        expect(taken.size).toBe(regions.flat().reduce((sum, pages) => sum + pages, 0));
      },
    ),
    { numRuns: 60 },
  );
});

test('a page is found by its slot', () => {
  fc.assert(
    fc.property(sizes, (regions) => {
      const arrangement = arrange(guestsOf(regions), 500, 2);
      const sorted = bySlot(arrangement);
      for (const block of arrangement.blocks) {
        for (const slot of [block.region.first, block.region.first + block.region.pages - 1]) {
          expect(sorted[firstEndingAfter(sorted, slot)]).toBe(block);
        }
      }
    }),
  );
});

test('few pages are large, many are small, and the map is as high as there is room for', () => {
  const cells = [[16], [10_000], [200_000], [1_048_576]].map((pages) =>
    fittingCell(guestsOf([pages]), 1000, 600),
  );
  expect(cells).toEqual([...cells].sort((a, b) => b - a));
  expect(cells[0]).toBe(CELLS.at(-1));
  expect(cells.at(-1)).toBe(1);
  const { rows, cell } = arrange(guestsOf([[10_000]]), 1000, cells[1] ?? 0);
  expect(rows * cell).toBeLessThanOrEqual(600);
});

test('guests and regions are named, unless there are too many for names', () => {
  const named = arrange(guestsOf([[5000, 300], [5000]]), 1000, 4).labels.map(({ text }) => text);
  expect(named).toEqual(['guest-0', 'r0', 'r1', 'guest-1']);
  expect(arrange(guestsOf(Array.from({ length: 1000 }, () => [200])), 1000, 1).labels).toEqual([]);
});
