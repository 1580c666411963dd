/**
 * What one process of a family has that is not another's: put upon a copy of the other, it makes
 * the one, whatever both have done since the fork.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differenceOf, sharedFrames, sharedPages } from '../../../src/sources/process/family.js';
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
  return { regions, mappings: 1, presentBytes: spans.length * PAGE };
}

const pages: fc.Arbitrary<Pages> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat({ max: 3 })), { maxLength: 60 })
  .map((entries) => new Map(entries));

test('it makes one of the other', () => {
  fc.assert(
    fc.property(pages, pages, (before, now) => {
      const [earlier, later] = [layoutOf(before), layoutOf(now)];
      const { regions, added, sharedPages: shared } = differenceOf(earlier, later, PAGE);
      const made = new Map(before);
      const each = (start: number, end: number, change: (page: number) => void): void => {
        for (let at = start; at < end; at += PAGE) change(at / PAGE);
      };
      for (const { region, isGone, dropped, changed } of regions) {
        const whole = earlier.regions.find(({ address }) => address === region);
        if (isGone && whole !== undefined)
          each(region, region + whole.length, (page) => made.delete(page));
        for (const { start, end } of dropped) each(start, end, (page) => made.delete(page));
        for (const { start, end } of changed) each(start, end, (page) => made.set(page, 0));
      }
      for (const { start, end } of added)
        each(start, end, (page) => {
          expect(made.has(page)).toBe(false);
          made.set(page, 0);
        });
      const isShared = (page: number, frame: number): boolean =>
        frame !== 0 && before.get(page) === frame;
      expect(made).toEqual(
        new Map([...now].map(([page, frame]) => [page, isShared(page, frame) ? frame : 0])),
      );
      expect(shared).toBe([...now].filter(([page, frame]) => isShared(page, frame)).length);
      expect(sharedPages(sharedFrames(earlier, PAGE), sharedFrames(later, PAGE))).toBe(shared);
    }),
  );
});
