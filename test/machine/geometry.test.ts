/** How many pages a machine has room for, and that none of its tables lies over another. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONTROL_END,
  FRAME_WORDS,
  GUEST_WORDS,
  POPULATION_SHIFT,
  REGION_WORDS,
  SLOT_WORDS,
  STABLE_NODE_WORDS,
} from '../../src/core/layout.js';
import { type Geometry, geometryOf } from '../../src/machine/geometry.js';

const GIB = 2 ** 30;

/** Where each table begins and how many words it has, in order. */
function tables(geometry: Geometry): readonly (readonly [start: number, words: number])[] {
  const of: (readonly [number, number])[] = [
    [geometry.frameTable, geometry.frames * FRAME_WORDS],
    [geometry.freeMap, Math.ceil(geometry.frames / 32)],
    [geometry.populationTable, Math.ceil(geometry.slots / (1 << POPULATION_SHIFT))],
    [geometry.guestTable, geometry.guests * GUEST_WORDS],
    [geometry.regionTable, geometry.regions * REGION_WORDS],
    [geometry.stableNodeTable, geometry.stableNodes * STABLE_NODE_WORDS],
    [geometry.slotTable, geometry.slots * SLOT_WORDS],
  ];
  return of.sort(([a], [b]) => a - b);
}

test('no table lies over another, nor over the control block or the frames', () => {
  const sizes = fc.record({
    pageSize: fc.constantFrom(16, 64, 4096, 65536),
    shift: fc.nat(8),
    pages: fc.integer({ min: 1, max: 20_000 }),
    guestPages: fc.option(fc.integer({ min: 1, max: 50_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(sizes, ({ pageSize, shift, pages, guestPages }) => {
      const frameBytes = Math.max(16, pageSize >> shift);
      const whole = frameBytes === pageSize;
      const geometry = geometryOf({
        memoryBytes: whole ? pages * pageSize : 2 ** 24 + pages * 100,
        pageSize,
        frameBytes,
        ...(guestPages === undefined ? {} : { guestPages }),
      });
      let end = CONTROL_END;
      for (const [start, words] of tables(geometry)) {
        expect(start).toBeGreaterThanOrEqual(end);
        end = start + words;
      }
      expect(geometry.frameBase * frameBytes).toBeGreaterThanOrEqual(end * 4);
      expect(geometry.bytes).toBe((geometry.frameBase + geometry.frames) * frameBytes);
    }),
  );
});

describe('a host of fingerprints', () => {
  const host = geometryOf({ memoryBytes: 4 * GIB, frameBytes: 16 });

  test('has room for 48 million pages that differ in 4 GiB, 183 GiB of guests', () => {
    expect(host.slots).toBeGreaterThanOrEqual(48_000_000);
    expect(host.slots * host.pageSize).toBeGreaterThanOrEqual(183 * GIB);
    expect(host.frames).toBe(host.slots + 1);
    expect(host.bytes).toBeLessThanOrEqual(4 * GIB);
  });

  test('has room for 400 GiB of guests, of which one page in 16 is held', () => {
    const sampled = geometryOf({ memoryBytes: 4 * GIB, frameBytes: 16, oneIn: 16 });
    expect(sampled.slots * sampled.pageSize).toBeGreaterThanOrEqual(400 * GIB);
    expect(sampled.frames - 1).toBe(Math.ceil(sampled.slots / 8));
    expect(sampled.bytes).toBeLessThanOrEqual(4 * GIB);
  });

  test('has as many pages as fit: with a byte less than it takes, it has one less', () => {
    expect(4 * GIB - host.bytes).toBeLessThan(200);
    const { slots } = geometryOf({ memoryBytes: host.bytes - 1, frameBytes: 16 });
    expect(slots).toBeLessThan(host.slots);
  });
});

test.each([
  ['a page of 15 bytes', { memoryBytes: 4096, pageSize: 15 }],
  ['a frame larger than its page', { memoryBytes: GIB, frameBytes: 8192 }],
  ['a frame of 8 bytes', { memoryBytes: GIB, frameBytes: 8 }],
  ['half a page of memory', { memoryBytes: 2048 }],
  ['more than 4 GiB', { memoryBytes: 5 * GIB }],
  ['fingerprints in more than 4 GiB', { memoryBytes: 4 * GIB + 1, frameBytes: 16 }],
  ['fingerprints in less than the tables take', { memoryBytes: 4096, frameBytes: 16 }],
])('%s is refused', (_what, size) => {
  expect(() => geometryOf(size)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
});
