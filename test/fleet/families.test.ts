/** Who is alike, against every two guests counted one by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GROUP_LIKENESS } from '../../src/estimate/likeness.js';
import { ContentLists } from '../../src/fleet/content-lists.js';
import { familiesOf, MOST_IN_ORDER } from '../../src/fleet/families.js';

type Contents = readonly number[];

function listsOf(guests: readonly Contents[]): ContentLists {
  const lengths = guests.map(({ length }) => length);
  return new ContentLists(lengths, Uint32Array.from(guests.flat()));
}

const run = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

function areAlike(one: Contents, other: Contents): boolean {
  const both = one.filter((content) => other.includes(content)).length;
  return both >= GROUP_LIKENESS * Math.max(one.length, other.length, 1);
}

/** Guests of a few kinds, each with most of its kind's contents and some of anybody's. */
const GUEST = fc
  .record({
    kind: fc.nat(2),
    lacks: fc.uniqueArray(fc.nat(9), { maxLength: 6 }),
    more: fc.uniqueArray(fc.nat(14), { maxLength: 6 }),
  })
  .map(({ kind, lacks, more }) => [
    ...run(0, 10).flatMap((at) => (lacks.includes(at) ? [] : [kind * 10 + at])),
    ...more.map((content) => 30 + content),
  ]);
const GUESTS = fc.array(GUEST, { maxLength: 16 });

describe.each([
  ['at once', MOST_IN_ORDER],
  ['one after the other', 0],
])('families that are put together %s', (_how, mostInOrder) => {
  const familiesIn = (guests: readonly Contents[]): number[][] =>
    familiesOf(listsOf(guests), mostInOrder);

  test('are of guests of which each two are alike', () => {
    let found = 0;
    fc.assert(
      fc.property(GUESTS, (guests) => {
        const all = familiesIn(guests);
        found += all.length;
        expect(new Set(all.flat()).size).toBe(all.flat().length);
        for (const family of all) {
          expect(family.length).toBeGreaterThan(1);
          for (const a of family)
            for (const b of family)
              expect(a === b || areAlike(guests[a] ?? [], guests[b] ?? [])).toBe(true);
        }
      }),
    );
    expect(found).toBeGreaterThan(0);
  });

  test('leave nobody out who is like all of one, or like another who is in none', () => {
    fc.assert(
      fc.property(GUESTS, (guests) => {
        const all = familiesIn(guests);
        const alone = [...guests.keys()].filter((guest) => !all.flat().includes(guest));
        for (const guest of alone)
          for (const others of [
            ...all,
            ...alone.filter((each) => each !== guest).map((at) => [at]),
          ])
            expect(others.every((b) => areAlike(guests[guest] ?? [], guests[b] ?? []))).toBe(false);
      }),
    );
  });

  test('are no chains: the ends have nothing in common', () => {
    expect(familiesIn([run(0, 10), run(5, 15), run(10, 20)])).toEqual([[0, 1]]);
  });

  test('go by the guest that shares more', () => {
    expect(familiesIn([run(0, 10), run(0, 21)])).toEqual([]);
    expect(familiesIn([run(0, 10), run(0, 20)])).toEqual([[0, 1]]);
  });

  test('of nobody, and of guests that share nothing, are none', () => {
    expect(familiesIn([])).toEqual([]);
    expect(familiesIn([[], []])).toEqual([]);
  });
});
