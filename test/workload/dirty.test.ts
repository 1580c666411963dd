/** dirty and read: stores that vouch for themselves, and whoever finds that one does not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dirty, read } from '../../src/workload/dirty.js';
import {
  CLASSES,
  patternPages,
  readQuadword,
  VARIANTS,
  writeQuadword,
} from '../../src/workload/pattern.js';
import { ManualPace, PlainMemory, run } from './plain-memory.js';

const PAGES = 16;

describe('the pattern', () => {
  test('a quadword says where it belongs, and nothing else passes for it', () => {
    const place = fc.record({
      page: fc.nat({ max: 1000 }),
      quadword: fc.nat({ max: 8191 }),
      variant: fc.nat({ max: VARIANTS - 1 }),
    });
    fc.assert(
      fc.property(place, place, fc.nat({ max: 63 }), (a, b, bit) => {
        const bytes = new DataView(new ArrayBuffer(8));
        writeQuadword(bytes, 0, a.page, a.quadword, a.variant);
        expect(readQuadword(bytes, 0, a.page, a.quadword)).toBe(a.variant);
        const isSamePlace = a.page % CLASSES === b.page % CLASSES && a.quadword === b.quadword;
        expect(readQuadword(bytes, 0, b.page, b.quadword)).toBe(isSamePlace ? a.variant : -2);
        bytes.setUint8(bit >> 3, bytes.getUint8(bit >> 3) ^ (1 << (bit & 7)));
        expect(readQuadword(bytes, 0, a.page, a.quadword)).toBe(-2);
      }),
    );
    expect(readQuadword(new DataView(new ArrayBuffer(8)), 0, 3, 3)).toBe(-1);
  });

  test('pages of one class and variant are equal, all others differ', () => {
    const pages = patternPages(64).flat();
    expect(pages.length).toBe(CLASSES * VARIANTS);
    expect(new Set(pages.map((page) => Buffer.from(page).toString('hex'))).size).toBe(pages.length);
  });
});

describe('dirty', () => {
  test('writes pages and quadwords all over its spread, and verifies each', () => {
    const memory = new PlainMemory(PAGES);
    const tally = run(dirty, memory, { spreadPages: 8 }, new ManualPace(2000));
    expect(tally).toMatchObject({ stores: 2000, verified: 2000, wrong: 0, retries: 0 });
    expect(tally.loads).toBeGreaterThan(2000);
    expect(new Set(memory.stored)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  });

  test('the same seed writes the same', () => {
    const bytes = (seed: number): Uint8Array => {
      const memory = new PlainMemory(PAGES);
      run(dirty, memory, { seed }, new ManualPace(500));
      return memory.bytes;
    };
    expect(bytes(3)).toEqual(bytes(3));
    expect(bytes(3)).not.toEqual(bytes(4));
  });

  test('goes on where a writer before it ended', () => {
    const memory = new PlainMemory(PAGES);
    run(dirty, memory, { seed: 1 }, new ManualPace(700));
    expect(run(dirty, memory, { seed: 2 }, new ManualPace(700)).wrong).toBe(0);
  });

  test.each([
    ['a store that is lost', (memory: PlainMemory, before: Uint8Array) => memory.bytes.set(before)],
    ['a byte that changes by itself', (memory: PlainMemory) => (memory.bytes[3] ^= 0x40)],
    ['a page that turns to zeroes', (memory: PlainMemory) => memory.page(0).fill(0)],
    ['another page in its place', (memory: PlainMemory) => memory.page(0).set(memory.page(1))],
  ])('notices %s', (_what, damage) => {
    // Two pages, so that what is damaged is looked at.
    const memory = new PlainMemory(2);
    run(dirty, memory, { spreadPages: 2 }, new ManualPace(300));
    const before = memory.bytes.slice();
    let loads = 0;
    memory.onLoad = () => {
      // Past what it takes over as it starts.
      if (++loads > 2) damage(memory, before);
    };
    expect(
      run(dirty, memory, { spreadPages: 2, seed: 9 }, new ManualPace(300)).wrong,
    ).toBeGreaterThan(0);
  });

  test('pages that hold what it has not written are left alone and counted, and nothing is wrong', () => {
    const memory = new PlainMemory(PAGES);
    for (const page of [3, 7]) memory.page(page).fill(0xab);
    memory.page(9)[17] = 1;
    const foreign = [3, 7, 9].map((page) => memory.page(page).slice());
    const tally = run(dirty, memory, {}, new ManualPace(2000));
    expect(tally).toMatchObject({ stores: 2000, wrong: 0, foreign: 3 });
    expect([3, 7, 9].map((page) => memory.page(page))).toEqual(foreign);
    memory.bytes.fill(0xab);
    expect(run(dirty, memory, {}, new ManualPace(2000))).toMatchObject({
      stores: 0,
      wrong: 0,
      foreign: PAGES,
    });
  });

  test('keeps to its rate', () => {
    const pace = new ManualPace(6401);
    run(dirty, new PlainMemory(PAGES), { rate: 1000 }, pace);
    expect(pace.now).toBeCloseTo(6400);
    expect(Math.max(...pace.slept)).toBeLessThanOrEqual(64);
  });

  test('a store that finds no frame is tried again; it stops when asked, whatever it waits for', () => {
    const memory = new PlainMemory(PAGES);
    memory.full = 9;
    expect(run(dirty, memory, {}, new ManualPace(109))).toMatchObject({
      stores: 100,
      retries: 9,
      wrong: 0,
    });
    memory.full = Number.POSITIVE_INFINITY;
    expect(run(dirty, memory, {}, new ManualPace(6))).toMatchObject({ stores: 0, wrong: 0 });
  });
});

describe('read', () => {
  test('reads what a writer wrote, and pages not written, and finds nothing wrong', () => {
    const memory = new PlainMemory(PAGES);
    run(dirty, memory, { spreadPages: 8 }, new ManualPace(50));
    const before = memory.bytes.slice();
    expect(run(read, memory, {}, new ManualPace(300))).toMatchObject({
      stores: 0,
      loads: 300,
      verified: 300,
      wrong: 0,
    });
    expect(memory.bytes).toEqual(before);
  });

  test('counts pages that lose a quadword after it has looked at them', () => {
    const memory = new PlainMemory(1);
    run(dirty, memory, { spreadPages: 1 }, new ManualPace(50));
    let loads = 0;
    memory.onLoad = () => {
      if (++loads === 11) memory.bytes[5] ^= 1;
    };
    expect(run(read, memory, {}, new ManualPace(30))).toMatchObject({
      verified: 30,
      wrong: 20,
      foreign: 0,
    });
  });

  test('leaves pages alone that hold something else from the first', () => {
    const memory = new PlainMemory(2);
    memory.page(1).fill(0xff);
    const tally = run(read, memory, {}, new ManualPace(40));
    expect(tally).toMatchObject({ wrong: 0, foreign: 1 });
    expect(tally.loads).toBe(tally.verified + 1);
  });

  test('keeps to its rate and its spread', () => {
    const memory = new PlainMemory(PAGES);
    memory.page(9).fill(0xff);
    const pace = new ManualPace(641);
    expect(run(read, memory, { rate: 100, spreadPages: 9 }, pace).wrong).toBe(0);
    expect(pace.now).toBeCloseTo(6400);
  });
});
