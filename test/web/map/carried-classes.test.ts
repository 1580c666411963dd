/** Colours of pages that stay theirs while guests come and go. */
import { expect, test } from 'vitest';
import type { MapGuest } from '../../../src/protocol/routes/live.js';
import { carriedClasses, NOT_SEEN } from '../../../src/web/map/carried-classes.js';

function guest(
  name: string,
  ...regions: readonly [address: number, first: number, pages: number][]
) {
  return {
    ...{ name, node: 0, numbers: [] },
    regions: regions.map(([address, first, pages]) => ({
      ...{ name: `at ${address}`, address, first, pages, huge: false },
    })),
  } satisfies MapGuest;
}

test('pages keep their class at another slot, and new ones have none', () => {
  const before = [guest('gone', [0, 0, 2]), guest('stays', [0, 2, 2], [9, 4, 1])];
  const now = [guest('comes', [0, 0, 1]), guest('stays', [0, 1, 3], [9, 4, 1])];
  const values = Uint8Array.of(1, 2, 3, 4, 5);
  expect([...carriedClasses(values, before, now, 5)]).toEqual([NOT_SEEN, 3, 4, NOT_SEEN, 5]);
});
