/**
 * What one process of a family has that is not another's: put upon a copy of the other, it makes
 * the one, whatever both have done since the fork.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  differenceOf,
  type GuestRegion,
  sharedFrames,
  sharedPages,
} from '../../../src/sources/process/family.js';
import type { Span } from '../../../src/sources/process/page-table.js';
import {
  joinTo,
  type ProcessLayout,
  type ProcessRegion,
} from '../../../src/sources/process/process-source.js';

const PAGE = 4096;

/** By page: which frame it is; 0: one of its own. */
type Pages = ReadonlyMap<number, number>;

function layoutOf(pages: Pages): ProcessLayout {
  const regions: ProcessRegion[] = [];
  const spans = [...pages.keys()]
    .sort((a, b) => a - b)
    .map(
      (page): Span => ({
        address: page * PAGE,
        length: PAGE,
        huge: false,
        frames: Float64Array.of(pages.get(page) ?? 0),
      }),
    );
  joinTo(regions, spans, undefined);
  return { regions, mappings: 1, presentBytes: spans.length * PAGE, advisedBytes: 0 };
}

const pages: fc.Arbitrary<Pages> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat({ max: 3 })), { maxLength: 60 })
  .map((entries) => new Map(entries));

/** What a guest of the layout has: its regions, or two for each, as forks of forks have them. */
function guestOf(layout: ProcessLayout, isSplit: boolean): GuestRegion[] {
  return layout.regions.flatMap(({ address, length }) => {
    const half = Math.floor(length / PAGE / 2) * PAGE;
    const parts =
      isSplit && half > 0
        ? [
            [address, half],
            [address + half, length - half],
          ]
        : [[address, length]];
    return parts.map(([at = 0, bytes = 0]) => ({
      name: at.toString(16),
      address: at,
      length: bytes,
    }));
  });
}

test('it makes one of the other', () => {
  fc.assert(
    fc.property(pages, pages, fc.boolean(), (before, now, isSplit) => {
      const [earlier, later] = [layoutOf(before), layoutOf(now)];
      const guest = guestOf(earlier, isSplit);
      const { regions, added, shared } = differenceOf(guest, earlier, later, PAGE);
      const made = new Map(before);
      const each = (start: number, end: number, change: (page: number) => void): void => {
        for (let at = start; at < end; at += PAGE) change(at / PAGE);
      };
      for (const { region, isGone, dropped, changed } of regions) {
        if (isGone)
          each(region.address, region.address + region.length, (page) => made.delete(page));
        for (const { start, end } of dropped) each(start, end, (page) => made.delete(page));
        for (const { start, end } of changed) each(start, end, (page) => made.set(page, 0));
      }
      for (const { start, end, present } of added) {
        for (const { address, length } of guest)
          expect(end <= address || address + length <= start, 'regions do not overlap').toBe(true);
        for (const range of present) {
          expect(start <= range.start && range.end <= end).toBe(true);
          each(range.start, range.end, (page) => {
            expect(made.has(page)).toBe(false);
            made.set(page, 0);
          });
        }
      }
      const isShared = (page: number, frame: number): boolean =>
        frame !== 0 && before.get(page) === frame;
      expect(made).toEqual(
        new Map([...now].map(([page, frame]) => [page, isShared(page, frame) ? frame : 0])),
      );
      const same = [...now].filter(([page, frame]) => isShared(page, frame)).map(([page]) => page);
      const told: number[] = [];
      for (const { start, end } of shared) each(start, end, (page) => told.push(page));
      expect(told.sort((a, b) => a - b)).toEqual(same.sort((a, b) => a - b));
      expect(sharedPages(sharedFrames(earlier, PAGE), sharedFrames(later, PAGE))).toBe(same.length);
    }),
  );
});
