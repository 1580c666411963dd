/** Who is alike: groups against every two of them, and the order against known families. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GROUP_LIKENESS, Likeness, type Ordered, ordered } from '../../src/estimate/likeness.js';

/** `both`: what two have in common, the first before the second. */
function likenessOf(contents: readonly number[], both: (a: number, b: number) => number): Likeness {
  const common = new Float64Array(contents.length ** 2);
  for (let a = 0; a < contents.length; a++)
    for (let b = a + 1; b < contents.length; b++) common[a * contents.length + b] = both(a, b);
  return new Likeness(contents, common);
}

/** A number that is always the same, below 1. */
function made(seed: number): number {
  let hash = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const run = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const orderedOf = (likeness: Likeness): Ordered => ordered(likeness, () => 1);

test('likeness is by the one that has more: who has little is not like all that have it', () => {
  const likeness = likenessOf([40, 1500], () => 40);
  expect(likeness.of(0, 1)).toBe(40 / 1500);
  expect(likeness.of(1, 0)).toBe(40 / 1500);
  expect(orderedOf(likeness).groups).toEqual([]);
});

test('a chain is no group: of each group each two are alike', () => {
  // The second has half of what the first has and half of what the third has, these two nothing.
  const chain = likenessOf([100, 100, 100], (a, b) => (b - a === 1 ? 50 : 0));
  expect(orderedOf(chain).groups).toEqual([[0, 1]]);
});

const SQUARE = fc
  .integer({ min: 1, max: 12 })
  .chain((guests) => fc.array(fc.nat(10), { minLength: guests ** 2, maxLength: guests ** 2 }));

test('whatever they have in common: all are ordered, groups are neighbours, and none is left out', () => {
  fc.assert(
    fc.property(SQUARE, (amounts) => {
      const guests = Math.sqrt(amounts.length);
      const likeness = likenessOf(
        run(guests).map(() => 10),
        (a, b) => amounts[a * guests + b] ?? 0,
      );
      const { order, groups } = orderedOf(likeness);
      expect([...order].sort((a, b) => a - b)).toEqual(run(guests));
      for (const group of groups) {
        const places = group.map((guest) => order.indexOf(guest)).sort((a, b) => a - b);
        expect((places.at(-1) ?? 0) - (places[0] ?? 0)).toBe(group.length - 1);
        for (const a of group)
          for (const b of group)
            if (a !== b) expect(likeness.of(a, b)).toBeGreaterThanOrEqual(GROUP_LIKENESS);
      }
      // No two groups, nor those that are in none, could have been one.
      const alone = order.filter((guest) => !groups.flat().includes(guest));
      const all = [...groups, ...alone.map((guest) => [guest])];
      for (const one of all)
        for (const other of all.filter((each) => each !== one))
          expect(one.every((a) => other.every((b) => likeness.of(a, b) >= GROUP_LIKENESS))).toBe(
            false,
          );
    }),
  );
});

describe('families of which no two have half in common', () => {
  /** Guests of one have 30 % in common, of two 8 %, give or take: in no order of families. */
  const FAMILIES = 5;
  const familyOf = (guest: number): number => Math.floor(made(guest + 1) * FAMILIES);
  const contiguous = (of: readonly number[]): number =>
    1 + of.filter((family, at) => at > 0 && family !== of[at - 1]).length;

  test.each([30, 300])(
    '%i guests: each family stands together, and there is no group',
    (guests) => {
      const likeness = likenessOf(
        run(guests).map((guest) => 1000 + Math.floor(made(guest + 7919) * 100)),
        (a, b) => (familyOf(a) === familyOf(b) ? 300 : 80) + Math.floor(made(a * guests + b) * 40),
      );
      expect(contiguous(run(guests).map(familyOf))).toBeGreaterThan(FAMILIES);
      const { order, groups } = orderedOf(likeness);
      expect(groups).toEqual([]);
      expect(contiguous(order.map(familyOf))).toBe(FAMILIES);
    },
  );

  test('families of one kind are neighbours', () => {
    // Families 0 and 3, 1 and 4 have more in common with one another than with others.
    const likeness = likenessOf(
      run(60).map(() => 1000),
      (a, b) => {
        const [one, other] = [familyOf(a), familyOf(b)];
        return one === other ? 300 : one % 3 === other % 3 ? 120 : 30;
      },
    );
    const families = orderedOf(likeness).order.map(familyOf);
    expect(contiguous(families)).toBe(FAMILIES);
    expect(contiguous(families.map((family) => family % 3))).toBe(3);
  });
});

test('who has nothing in common with anybody is last', () => {
  const likeness = likenessOf([100, 100, 100], (a, b) => (a + b === 3 ? 10 : 0));
  expect(orderedOf(likeness).order.at(-1)).toBe(0);
});
