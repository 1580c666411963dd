/** Where the bytes of a body go that are for several ranges. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyPlaces } from '../../../src/daemon/http/body-places.js';
import type { AddressRange } from '../../../src/protocol/bytes.js';

const OF_BYTES = { pageSize: 4096, frameBytes: 4096 };
const OF_FINGERPRINTS = { pageSize: 4096, frameBytes: 16 };

/** Each byte of the body's address, the body asked for in pieces of those lengths. */
function addresses(places: BodyPlaces, unitLength: number, pieces: readonly number[]): number[] {
  const found: number[] = [];
  let offset = 0;
  for (let piece = 0; offset < places.bytes; piece++) {
    const at = places.at(offset);
    const wanted = (pieces[piece % pieces.length] ?? 1) * places.unitBytes;
    const taken = Math.min(at.bytes, wanted);
    for (let unit = 0; unit < taken / places.unitBytes; unit++)
      found.push(at.address + unit * unitLength);
    offset += taken;
  }
  return found;
}

const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

describe('a body goes', () => {
  test('byte by byte into its ranges, one after another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ address: fc.nat(10_000), length: fc.integer({ min: 0, max: 20 }) }), {
          minLength: 1,
          maxLength: 8,
        }),
        pieces,
        (ranges, lengths) => {
          const wanted = ranges.flatMap(({ address, length }) =>
            Array.from({ length }, (_, byte) => address + byte),
          );
          expect(addresses(new BodyPlaces(ranges, false, OF_BYTES), 1, lengths)).toEqual(wanted);
        },
      ),
    );
  });

  test('a fingerprint a page', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ page: fc.nat(10_000), pages: fc.integer({ min: 1, max: 9 }) }), {
          minLength: 1,
          maxLength: 8,
        }),
        pieces,
        (ranges, lengths) => {
          const wanted = ranges.flatMap(({ page, pages }) =>
            Array.from({ length: pages }, (_, at) => (page + at) * 4096),
          );
          const places = new BodyPlaces(
            ranges.map(({ page, pages }) => ({ address: page * 4096, length: pages * 4096 })),
            true,
            OF_FINGERPRINTS,
          );
          expect(places.bytes).toBe(wanted.length * 16);
          expect(addresses(places, 4096, lengths)).toEqual(wanted);
        },
      ),
    );
  });

  test('into one range without an end', () => {
    const places = new BodyPlaces(
      [{ address: 4096, length: Number.POSITIVE_INFINITY }],
      true,
      OF_FINGERPRINTS,
    );
    expect(places.at(1600)).toEqual({
      address: 4096 + 100 * 4096,
      bytes: Number.POSITIVE_INFINITY,
    });
  });
});

describe('a range is refused', () => {
  const refused = (range: AddressRange, ofFingerprints: boolean): unknown => {
    try {
      return new BodyPlaces([range], ofFingerprints, OF_FINGERPRINTS);
    } catch (error) {
      return error;
    }
  };

  test('that ends before it begins', () => {
    expect(refused({ address: 8192, length: -4096 }, false)).toMatchObject({
      code: 'EINVAL',
      message: 'the range 2000-1000 ends before it begins',
    });
  });

  test('that is not of whole pages, of fingerprints alone', () => {
    const range = { address: 8192, length: 100 };
    expect(refused(range, false)).toBeInstanceOf(BodyPlaces);
    expect(refused(range, true)).toMatchObject({
      code: 'EINVAL',
      message: 'the range 2000-2064 is not of whole pages, which have fingerprints',
    });
  });
});
