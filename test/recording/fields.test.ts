import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldReader, FieldWriter } from '../../src/recording/fields.js';

describe('fields', () => {
  it('are read as they were written', () => {
    const integer = fc.maxSafeNat();
    fc.assert(
      fc.property(fc.array(integer), fc.array(fc.string()), (numbers, texts) => {
        const writer = new FieldWriter();
        for (const number of numbers) {
          writer.number(number);
          writer.signed(0 - Math.floor(number / 2));
        }
        for (const text of texts) writer.text(text);
        const reader = new FieldReader(Buffer.from(writer.bytes));
        for (const number of numbers) {
          expect(reader.number()).toBe(number);
          expect(reader.signed()).toBe(0 - Math.floor(number / 2));
        }
        for (const text of texts) expect(reader.text()).toBe(text);
        expect(reader.isAtEnd).toBe(true);
      }),
    );
  });

  it('that end early, or have no end, are refused', () => {
    expect(() => new FieldReader(Buffer.alloc(200, 0x80)).number()).toThrow(/has no end/);
    expect(() => new FieldReader(Buffer.alloc(3, 0x80)).number()).toThrow(/ends early/);
    expect(() => new FieldReader(Buffer.from([5, 97])).text()).toThrow(/ends early/);
    const large = Buffer.alloc(9, 0xff);
    expect(() => new FieldReader(large).number()).toThrow(/too large|has no end/);
  });
});
