/** What is marked in the charts, and how high they are. */
import { expect, test } from 'vitest';
import type { Sample } from '../../src/protocol/history.js';
import { marksOf, shownMarks } from '../../src/web/chart-marks.js';
import { topOf } from '../../src/web/chart-options.js';

function samples(...all: readonly Partial<Sample>[]): Sample[] {
  return all.map((each, at) => ({ atMs: at * 1000, fullScans: 0, ...each }) as Sample);
}

const marked = (...all: readonly Partial<Sample>[]) =>
  marksOf(samples(...all), ({ atMs }) => atMs / 1000);

test('full scans that have come to their end, and tunables that were set', () => {
  expect(
    marked(
      { fullScans: 7 },
      { fullScans: 7, tunables: { pages_to_scan: 500, run: 1 } },
      { fullScans: 8 },
      { fullScans: 1011, tunables: { advisor_mode: 'none' } },
    ),
  ).toEqual([
    { kind: 'set', seconds: 1, title: 'set: pages_to_scan = 500, run = 1' },
    { kind: 'scan', seconds: 2, title: 'full scan 8' },
    { kind: 'scan', seconds: 3, title: '1,003 full scans' },
    { kind: 'set', seconds: 3, title: 'set: advisor_mode = none' },
  ]);
});

test('run=2, which starts full_scans at 0 again, is no full scan', () => {
  expect(marked({ fullScans: 7 }, { fullScans: 0 })).toEqual([]);
});

const scans = (seconds: readonly number[]) =>
  seconds.map((at) => ({ kind: 'scan', seconds: at, title: `at ${at}` }) as const);

test('those outside of what is shown are not', () => {
  const marks = scans([10, 100, 190]);
  expect(shownMarks(marks, [50, 150], 600)).toEqual(scans([100]));
});

test('full scans that are too close to be told apart are left out, what was set is not', () => {
  const set = { kind: 'set', seconds: 31, title: 'set: run = 1' } as const;
  const marks = [...scans([30, 31, 32]), set];
  expect(shownMarks(marks, [0, 600], 600)).toEqual([set]);
  expect(shownMarks(marks, [20, 50], 600)).toEqual(marks);
});

test('a chart is as high as what is drawn in it, with a little room above', () => {
  expect(topOf(0.02, 0.01)).toBeCloseTo(0.0216);
  expect(topOf(0.002, 0.01)).toBe(0.01);
  expect(topOf(0, 0)).toBe(1);
  expect(topOf(null, 0)).toBe(1);
});
