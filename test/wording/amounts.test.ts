/** Amounts as people read them, in the terminal and in the browser. */
import fc from 'fast-check';
import prettyBytes from 'pretty-bytes';
import { expect, test } from 'vitest';
import { size } from '../../src/wording/amounts.js';

test('a size is told as pretty-bytes tells it', () => {
  const told = (bytes: number): string =>
    prettyBytes(bytes, { binary: true, maximumFractionDigits: 1 });
  for (let power = 0; power < 53; power++) {
    for (const bytes of [2 ** power - 1, 2 ** power, 2 ** power + 1])
      expect(size(bytes), String(bytes)).toBe(told(bytes));
  }
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), (bytes) => {
      expect(size(bytes)).toBe(told(bytes));
    }),
  );
});
