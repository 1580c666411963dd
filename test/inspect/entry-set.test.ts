/** Sets of a table's entries: what a Set of their pointers would say, and more of them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntrySet } from '../../src/inspect/check/entry-set.js';
import { finish } from '../../src/machine/long-work.js';

const TABLE = 96;
const ENTRY_WORDS = 8;
const ENTRIES = 70;

test('it has what was added, in order, and nothing that is no entry', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(ENTRIES - 1)), (indices) => {
      const set = new EntrySet(TABLE, ENTRY_WORDS, ENTRIES);
      const model = new Set<number>();
      for (const index of indices) {
        const pointer = TABLE + index * ENTRY_WORDS;
        expect(set.add(pointer)).toBe(!model.has(pointer));
        model.add(pointer);
      }
      expect(set.size).toBe(model.size);
      const pointers: number[] = [];
      finish(set.each((pointer) => pointers.push(pointer)));
      expect(pointers).toEqual([...model].sort((a, b) => a - b));
      for (let word = -TABLE; word < TABLE + (ENTRIES + 100) * ENTRY_WORDS; word++)
        expect(set.has(word)).toBe(model.has(word));
    }),
  );
});

test('it may have 48 million, more than a Set can', () => {
  const entries = 48_000_000;
  const set = new EntrySet(TABLE, ENTRY_WORDS, entries);
  const last = TABLE + (entries - 1) * ENTRY_WORDS;
  expect([set.add(TABLE), set.add(last), set.has(last), set.has(last + ENTRY_WORDS)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
