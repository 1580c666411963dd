import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FINGERPRINT_BYTES, Fingerprinter } from '../../src/fingerprints/fingerprint.js';
import { FingerprintKey } from '../../src/fingerprints/key.js';
import { Sample } from '../../src/fingerprints/sample.js';

const PAGE = 4096;

describe('a fingerprint', () => {
  it('is the same for equal pages wherever they lie, and another for any other', () => {
    const fingerprinter = new Fingerprinter(FingerprintKey.random(), PAGE);
    const page = fc.uint8Array({ minLength: PAGE, maxLength: PAGE });
    fc.assert(
      fc.property(page, fc.nat(PAGE - 1), fc.integer({ min: 1, max: 255 }), (bytes, at, by) => {
        const one = Buffer.from(bytes);
        const shifted = Buffer.concat([Buffer.alloc(7), one]);
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ by;
        const of = Buffer.from(fingerprinter.of(one));
        expect(of).toHaveLength(FINGERPRINT_BYTES);
        expect(Buffer.from(fingerprinter.of(shifted, 7))).toEqual(of);
        expect(Buffer.from(fingerprinter.of(other))).not.toEqual(of);
      }),
      { numRuns: 200 },
    );
  });

  it('is all zeroes for zeroes alone', () => {
    const fingerprinter = new Fingerprinter(FingerprintKey.random(), PAGE);
    const zeroes = Buffer.alloc(FINGERPRINT_BYTES);
    expect(fingerprinter.of(Buffer.alloc(PAGE)).equals(zeroes)).toBe(true);
    expect(fingerprinter.of(Buffer.alloc(PAGE, 1)).equals(zeroes)).toBe(false);
  });

  it('tells nobody without the key of a page, and those with it the same', () => {
    const page = randomBytes(PAGE);
    const key = FingerprintKey.random();
    const first = Buffer.from(new Fingerprinter(key, PAGE).of(page));
    const again = new Fingerprinter(new FingerprintKey(key.bytes), PAGE).of(page);
    expect(again.equals(first)).toBe(true);
    const elsewhere = new Fingerprinter(FingerprintKey.random(), PAGE).of(page);
    expect(elsewhere.equals(first)).toBe(false);
  });
});

describe('a sample', () => {
  it('of one page in n has about so many, and all of the smaller samples', () => {
    const pages = Array.from({ length: 64_000 }, () => randomBytes(FINGERPRINT_BYTES));
    const [whole, sixteenth, small] = [1, 16, 64].map((n) => {
      const sample = new Sample(n);
      return pages.filter((page) => sample.has(page));
    });
    expect(whole).toHaveLength(pages.length);
    // Five standard deviations.
    expect(Math.abs((sixteenth?.length ?? 0) - 4000)).toBeLessThan(5 * Math.sqrt(4000));
    expect(Math.abs((small?.length ?? 0) - 1000)).toBeLessThan(5 * Math.sqrt(1000));
    expect(sixteenth).toEqual(expect.arrayContaining(small ?? []));
  });

  it('always has zeroes', () => {
    expect(new Sample(65_536).has(Buffer.alloc(FINGERPRINT_BYTES))).toBe(true);
  });

  it('has its part of pages of one content, in a row or at equal distances', () => {
    for (const n of [4, 16])
      for (const distance of [1, 2, 3, 16, 512]) {
        const places = Array.from({ length: 10_000 }, (_, i) => 2 ** 34 + i * distance);
        const held = places.filter((place) => new Sample(n).hasPlace(place)).length;
        expect(Math.abs(held - places.length / n)).toBeLessThan(places.length / n / 20);
      }
  });

  it('is of a whole number', () => {
    for (const n of [0, -1, 1.5, 65_537, Number.NaN])
      expect(() => new Sample(n)).toThrow(/take a whole number from 1 to 65536/);
  });
});
