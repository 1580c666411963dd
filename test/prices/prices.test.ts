/** What the kernel's work is priced at. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KernelWork } from '../../src/ksm/kernel-work.js';
import { alikeKib } from '../../src/predict/alike.js';
import { DEFAULT_PRICES } from '../../src/prices/default-prices.js';
import { SMALL_PAGES } from '../../src/prices/kernel-meter.js';
import { priceOf, type Trees } from '../../src/prices/prices.js';
import { pricesOf } from '../../src/prices/prices-file.js';
import { PREFIX_BINS } from '../../src/recording/format.js';

const NOTHING: KernelWork = {
  visits: 0,
  mergedVisits: 0,
  repeatedVisits: 0,
  checksums: 0,
  stableLevels: 0,
  unstableLevels: 0,
  merges: 0,
  splits: 0,
  breaks: 0,
  itemsMade: 0,
  skips: 0,
  absent: 0,
};
const TREES: Trees = { stablePages: 1, unstablePages: 1, ...SMALL_PAGES };
const priced = (work: Partial<KernelWork>, trees: Partial<Trees> = {}): number =>
  priceOf({ ...NOTHING, ...work }, { ...TREES, ...trees }, DEFAULT_PRICES);

test('a visit to a merged page has a price of its own', () => {
  expect(priced({ visits: 10, mergedVisits: 4, repeatedVisits: 3 })).toBe(
    6 * DEFAULT_PRICES.visit + DEFAULT_PRICES.mergedVisit + 3 * DEFAULT_PRICES.repeatedVisit,
  );
});

test('merged pages and skips cost less where huge pages were, by how many that is', () => {
  const prices = { ...DEFAULT_PRICES, mergedInHugePages: 0.4 };
  const work = { ...NOTHING, visits: 10, mergedVisits: 10, skips: 20 };
  const of = (wereHugeShare: number): number => priceOf(work, { ...TREES, wereHugeShare }, prices);
  expect(of(1)).toBeCloseTo(0.4 * of(0));
  expect(of(0.5)).toBeCloseTo(0.7 * of(0));
  expect(priced(work, { wereHugeShare: 1 })).toBe(priced(work));
});

test('a level is as dear as its tree is large, by the logarithm', () => {
  const prices = {
    ...DEFAULT_PRICES,
    unstableLevels: [
      { pages: 1000, ns: 100 },
      { pages: 100_000, ns: 300 },
    ],
  };
  const level = (unstablePages: number): number =>
    priceOf({ ...NOTHING, unstableLevels: 1 }, { ...TREES, unstablePages }, prices);
  expect([1, 1000, 10_000, 100_000, 10_000_000].map(level)).toEqual([100, 100, 200, 300, 500]);
});

test('no level of a larger tree is cheaper than one of the largest that was measured', () => {
  const measured = fc
    .uniqueArray(fc.integer({ min: 1, max: 2 ** 24 }), { minLength: 1, maxLength: 6 })
    .chain((sizes) =>
      fc.tuple(
        fc.constant(sizes.toSorted((a, b) => a - b)),
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 6, maxLength: 6 }),
      ),
    )
    .map(([sizes, ns]) => sizes.map((pages, at) => ({ pages, ns: ns[at] ?? 0 })));
  fc.assert(
    fc.property(
      measured,
      fc.array(fc.double({ min: 1, max: 1e6, noNaN: true })),
      (levels, times) => {
        const { pages, ns } = levels.at(-1) ?? { pages: 1, ns: 0 };
        const prices = { ...DEFAULT_PRICES, stableLevels: levels, unstableLevels: levels };
        const grown = times.toSorted((a, b) => a - b).map((many) => pages * many);
        for (const [work, tree] of [
          [{ stableLevels: 1 }, 'stablePages'],
          [{ unstableLevels: 1 }, 'unstablePages'],
        ] as const) {
          const cost = (size: number): number =>
            priceOf({ ...NOTHING, ...work }, { ...TREES, [tree]: size }, prices);
          let last = ns;
          for (const size of grown) {
            expect(cost(size)).toBeGreaterThanOrEqual(last - 1e-9);
            last = cost(size);
          }
        }
      },
    ),
  );
});

test('of the prices that come with ksmd a level of a large host costs what was measured last', () => {
  const { ns } = DEFAULT_PRICES.stableLevels.at(-1) ?? { ns: 0 };
  for (const stablePages of [2 ** 14, 2 ** 22, 2 ** 26, 1e9])
    expect(priced({ stableLevels: 1 }, { stablePages })).toBe(ns);
});

test('what pages begin alike is read at every level, and huge pages are found sooner', () => {
  const { alikeKib: kib, inHugePages, unstableLevels } = DEFAULT_PRICES;
  const [{ ns } = { ns: 0 }] = unstableLevels;
  expect(priced({ unstableLevels: 2 }, { alikeKib: 3 })).toBeCloseTo(2 * (ns + 3 * kib));
  expect(priced({ unstableLevels: 2 }, { hugeShare: 1 })).toBeCloseTo(2 * ns * inHugePages);
});

test('prices that are none are refused with what is wrong', () => {
  expect(pricesOf(JSON.parse(JSON.stringify(DEFAULT_PRICES)))).toEqual(DEFAULT_PRICES);
  expect(() => pricesOf({ ...DEFAULT_PRICES, visit: -1 })).toThrow(/no prices: \/visit /);
  expect(() => pricesOf('cheap')).toThrow(/no prices/);
  for (const levels of ['stableLevels', 'unstableLevels'] as const) {
    const [low, high] = DEFAULT_PRICES[levels];
    for (const wrong of [
      [high, low],
      [low, low],
    ])
      expect(() => pricesOf({ ...DEFAULT_PRICES, [levels]: wrong })).toThrow(
        `/${levels} must be by growing pages`,
      );
  }
});

test('far from the leaf a search reads less of what neighbours have in common', () => {
  const all = (bin: number): number[] =>
    Array.from({ length: PREFIX_BINS }, (_, at) => (at === bin ? 100 : 0));
  expect(alikeKib(all(0))).toBe(0);
  expect(alikeKib(new Array<number>(PREFIX_BINS).fill(0))).toBe(0);
  // All alike up to their last bytes: every level reads all of it.
  expect(alikeKib(all(PREFIX_BINS - 2))).toBeCloseTo(3);
  const some = all(PREFIX_BINS - 2).map((count, bin) => (bin === 0 ? 100 : count));
  // Half of the neighbours: at the leaf half of it, a level up a quarter, …
  expect(alikeKib(some)).toBeCloseTo((3 * (1 / 2 + 1 / 4 + 1 / 16 + 1 / 256)) / 16, 4);
});
