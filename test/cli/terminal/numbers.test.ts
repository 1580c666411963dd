/** Numbers are written one way in all verbs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { briefSize, inHundred } from '../../../src/cli/terminal/column-figures.js';
import {
  count,
  duration,
  figure,
  percent,
  rate,
  size,
  upTime,
} from '../../../src/wording/amounts.js';

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));
/** Where numbers are written. */
const OWN = ['wording/amounts.ts', 'cli/terminal/column-figures.ts'];

test('sizes, counts, shares and times', () => {
  expect([0, 4096, 1536 * 2 ** 10, 2 ** 40].map(size)).toEqual([
    '0 B',
    '4 KiB',
    '1.5 MiB',
    '1 TiB',
  ]);
  expect([0, 2 ** 20, 1.5 * 2 ** 30].map(briefSize)).toEqual(['0k', '1.0m', '1.5g']);
  expect([7, 16_384, 0.5].map(figure)).toEqual(['7', '16,384', '0.5']);
  expect([0, 1250.55].map(rate)).toEqual(['0.0', '1,250.6']);
  expect([count(1, 'page'), count(16_384, 'page')]).toEqual(['1 page', '16,384 pages']);
  expect([percent(0.405), inHundred(12.5)]).toEqual(['40.5 %', '1,250.0']);
  expect([2, 211, 6200, 45_000, 600_000].map(duration)).toEqual([
    '2.0 ms',
    '211 ms',
    '6.2 s',
    '45 s',
    '10 min',
  ]);
  // None is more than fits its unit once it is rounded.
  expect([9.96, 999.6, 9960].map(duration)).toEqual(['10 ms', '1.0 s', '10 s']);
  expect([12_000, 615_600_000].map(upTime)).toEqual(['0:12', '7d 3h']);
});

test('no verb writes a number in a way of its own', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(cli|wording)\/.*\.ts$/.test(name),
  );
  const others = files.filter(
    (name) =>
      !OWN.includes(name) &&
      /toLocaleString|toFixed|NumberFormat|pretty-bytes|String\(counters/.test(
        readFileSync(join(SRC, name), 'utf8'),
      ),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(others).toEqual([]);
});
