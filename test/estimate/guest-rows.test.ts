/** Which guests have which contents, against sets of them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GuestRows } from '../../src/estimate/guest-rows.js';

test('sets are told once each, with how many contents have them', () => {
  const guests = fc.constantFrom(0, 1, 31, 32, 33, 63, 64, 69);
  const contents = fc.array(fc.uniqueArray(guests, { minLength: 1 }), { maxLength: 60 });
  fc.assert(
    fc.property(contents, (all) => {
      const rows = new GuestRows(70);
      for (const [content, members] of all.entries())
        for (const guest of members) rows.add(content, guest);
      const inOrder = all.map((members) => members.toSorted((a, b) => a - b));
      expect(all.map((_members, content) => rows.guestsOf(content))).toEqual(inOrder);
      const times = new Map<string, number>();
      for (const members of inOrder) times.set(`${members}`, (times.get(`${members}`) ?? 0) + 1);
      const told = new Map<string, number>();
      rows.eachSet((members, count) => {
        expect(told.has(`${members}`)).toBe(false);
        told.set(`${members}`, count);
      });
      expect(told).toEqual(times);
    }),
  );
});

test('more contents than there was room for at first are kept', () => {
  const rows = new GuestRows(3);
  for (let content = 0; content < 10_000; content++) rows.add(content, content % 3);
  expect(rows.guestsOf(9_999)).toEqual([0]);
  const counts: number[] = [];
  rows.eachSet((_members, contents) => counts.push(contents));
  expect(counts.toSorted((a, b) => a - b)).toEqual([3333, 3333, 3334]);
});
