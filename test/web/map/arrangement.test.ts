/** Where pages are on the map. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MapGuest } from '../../../src/protocol/routes/live.js';
import {
  arrange,
  bySlot,
  type CellSize,
  cellOf,
  firstEndingAfter,
  pageAt,
} from '../../../src/web/map/arrangement.js';
import { fittingCell, steppedCell } from '../../../src/web/map/fitting-cell.js';

const square = (size: number): CellSize => ({ width: size, height: size });

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
      fc.constantFrom(0.7, 1, 2, 3.3, 8, 32).map(square),
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
      const arrangement = arrange(guestsOf(regions), 500, square(2));
      const sorted = bySlot(arrangement);
      for (const block of arrangement.blocks) {
        for (const slot of [block.region.first, block.region.first + block.region.pages - 1]) {
          expect(sorted[firstEndingAfter(sorted, slot)]).toBe(block);
        }
      }
    }),
  );
});

const many = (guests: number, pages: number): number[][] => Array(guests).fill([pages]);
const fewGuests: [string, number[][]][] = [
  ['three guests', many(3, 64)],
  ['three guests of very different sizes', [[64], [256], [1024]]],
  ['guests of several regions', [[6144], [4096, 1536], [3072, 64, 64]]],
];
const manyGuests: [string, number[][]][] = [
  ['300 guests', many(300, 200)],
  ['300 guests of different sizes', Array.from({ length: 300 }, (_, i) => [50 + ((i * 37) % 500)])],
  ['300 guests of more than a million pages', many(300, 3500)],
];
test.each(
  [...fewGuests, ...manyGuests].flatMap(([name, guests]) =>
    [
      [270, 340],
      [340, 420],
      [1060, 548],
    ].map(([width = 0, height = 0]) => [name, width, height, guests] as const),
  ),
)('the map of %s fills a card of %i by %i pixels', (_name, width, height, regions) => {
  const guests = guestsOf(regions);
  const cell = fittingCell(guests, { width, height });
  const { blocks, rows } = arrange(guests, width, cell);
  const right = Math.max(...blocks.map(({ x, columns }) => x + columns));
  expect(right * cell.width).toBeLessThanOrEqual(width);
  expect(right * cell.width).toBeGreaterThan(width * 0.94);
  expect(rows * cell.height).toBeLessThanOrEqual(height);
  expect(rows * cell.height).toBeGreaterThan(height * 0.88);
});

test('few pages are large, many are small; steps lead from what fits to whole pixels', () => {
  const guests = [[16], [10_000], [200_000], [1_048_576]].map((pages) => guestsOf([pages]));
  const cells = guests.map((each) => fittingCell(each, { width: 1000, height: 600 }).width);
  expect(cells).toEqual([...cells].sort((a, b) => b - a));
  expect(cells.at(-1)).toBeLessThan(1);
  const [, some = []] = guests;
  const from = square(7.4);
  expect(steppedCell(some, 1000, from, 1)).toEqual(square(8));
  expect(steppedCell(some, 1000, from, -1)).toEqual(square(6));
  // A canvas of more rows would not be drawn.
  const [million = []] = guests.slice(-1);
  expect(arrange(million, 1000, steppedCell(million, 1000, square(64), 1)).rows).toBeLessThan(
    30_001,
  );
});

test('guests and regions are named, unless there are too many for names', () => {
  const named = arrange(guestsOf([[5000, 300], [5000]]), 1000, square(4)).labels.map(
    ({ text }) => text,
  );
  expect(named).toEqual(['guest-0', 'r0', 'r1', 'guest-1']);
  expect(arrange(guestsOf(many(1000, 200)), 1000, square(1)).labels).toEqual([]);
});
