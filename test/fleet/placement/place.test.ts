/** Placements, against all there are of small fleets, and against the custom of large ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKsmdError } from '../../../src/errors.js';
import { sampleError } from '../../../src/fingerprints/sample.js';
import {
  type Placement,
  type PlacementOptions,
  place,
} from '../../../src/fleet/placement/place.js';
import type { PlacedGuest } from '../../../src/fleet/placement/sampled-fleet.js';
import { madeFleet } from './made-fleet.js';

interface Small {
  readonly guests: readonly PlacedGuest[];
  readonly options: PlacementOptions;
}

/** What a placement is worth and what its hosts take, counted one by one. */
function counted(
  { guests, options }: Small,
  hostOf: ArrayLike<number>,
): { copies: number; usedPages: number[]; isAllowed: boolean } {
  let total = 0;
  let isAllowed = guests.every((_, guest) => hostOf[guest] >= 0 && hostOf[guest] < options.hosts);
  const usedPages = Array.from({ length: options.hosts }, (_, host) => {
    const on = guests.filter((_guest, at) => hostOf[at] === host);
    isAllowed &&= new Set(on.map(({ tenant }) => tenant)).size <= 1;
    const all = on.flatMap(({ contents }) => [...contents]);
    const copies = [...new Set(all)].map((one) => all.filter((other) => other === one).length - 1);
    const sum = copies.reduce((a, b) => a + b, 0);
    total += sum;
    const squares = copies.reduce((a, b) => a + b * b, 0);
    const saved =
      (1 - options.breakMargin) * sum * options.pagesAContent -
      sampleError(options.pagesAContent, squares);
    const used = on.reduce((pages, guest) => pages + guest.alonePages, 0) - Math.max(saved, 0);
    isAllowed &&= used <= options.memoryPages;
    return Math.ceil(used);
  });
  return { copies: total, usedPages, isAllowed };
}

/** Of all placements that are allowed, what the best saves; undefined: there is none. */
function bestOf(small: Small): number | undefined {
  const { guests, options } = small;
  let best: number | undefined;
  for (let number = 0; number < options.hosts ** guests.length; number++) {
    const hostOf = guests.map(
      (_, guest) => Math.floor(number / options.hosts ** guest) % options.hosts,
    );
    const { copies, isAllowed } = counted(small, hostOf);
    if (isAllowed) best = Math.max(best ?? 0, copies);
  }
  return best;
}

/** Undefined: none was found. */
function placed({ guests, options }: Small): Placement | undefined {
  try {
    return place(guests, options);
  } catch (error) {
    if (isKsmdError(error, 'ENOSPC')) return undefined;
    throw error;
  }
}

const GUEST = fc.record({
  host: fc.nat(3),
  extra: fc.nat(30),
  contents: fc.uniqueArray(fc.nat(14), { maxLength: 12 }),
  tenant: fc.constantFrom(0, 0, 0, 0, 1),
});

function smallFleets(maxGuests: number): fc.Arbitrary<Small> {
  return fc
    .record({
      guests: fc.array(GUEST, { minLength: 1, maxLength: maxGuests }),
      hosts: fc.constantFrom(2, 3),
      pagesAContent: fc.constantFrom(1, 1, 2, 8),
      breakMargin: fc.constantFrom(0, 0.1),
      roomPercent: fc.integer({ min: 80, max: 220 }),
    })
    .map(({ guests, roomPercent, ...options }) => {
      const all = guests.map(({ extra, contents, ...guest }, at) => ({
        ...guest,
        name: `vm${at}`,
        alonePages: contents.length * options.pagesAContent + extra,
        contents: Uint32Array.from(contents).sort(),
      }));
      const pages = all.reduce((sum, { alonePages }) => sum + alonePages, 0);
      const memoryPages = Math.ceil((pages * roomPercent) / 100 / options.hosts);
      return { guests: all, options: { ...options, memoryPages } };
    });
}

function guestsWith(...contents: readonly (readonly number[])[]): PlacedGuest[] {
  return contents.map((some, at) => ({
    name: `vm${at}`,
    host: at % 2,
    alonePages: 100,
    contents: Uint32Array.from(some),
    tenant: 0,
  }));
}

const ROOM = { hosts: 2, memoryPages: 400, pagesAContent: 1, breakMargin: 0 };

describe('a placement of a small fleet', () => {
  test('saves within 2 % of the best there is, and is found where there is one', () => {
    fc.assert(
      fc.property(smallFleets(6), (small) => {
        const best = bestOf(small);
        const result = placed(small);
        expect(result === undefined).toBe(best === undefined);
        if (result === undefined || best === undefined) return;
        expect(counted(small, result.hostOf).copies).toBeGreaterThanOrEqual(best * 0.98);
      }),
      // The same fleets each time: a search is not a proof.
      { numRuns: 150, seed: 2026 },
    );
  });

  test('finds two families that lie crosswise', () => {
    const [web, database] = [
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9],
    ];
    const guests = guestsWith(web, web, database, database, web, database);
    const { hostOf, saved, moves } = place(guests, { ...ROOM, memoryPages: 300 });
    expect(saved).toEqual({ pages: 2 * web.length + 2 * database.length, error: 0 });
    expect(new Set([hostOf[0], hostOf[1], hostOf[4]]).size).toBe(1);
    // Two of three are where they belong, whichever way hosts are called.
    expect(moves).toHaveLength(2);
  });
});

describe('any placement', () => {
  const limits = fc.option(fc.nat(5), { nil: undefined });

  test('stays below the limit, mixes no tenants, moves no more than may move, and tells its worth', () => {
    fc.assert(
      fc.property(smallFleets(9), limits, ({ guests, options }, maxMoves) => {
        const small = {
          guests,
          options: maxMoves === undefined ? options : { ...options, maxMoves },
        };
        const result = placed(small);
        if (result === undefined) return;
        const { copies, usedPages, isAllowed } = counted(small, result.hostOf);
        expect(isAllowed).toBe(true);
        expect(result.saved.pages).toBe(copies * options.pagesAContent);
        expect(result.hosts.map((host) => host.usedPages)).toEqual(usedPages);
        expect(result.hosts.reduce((sum, host) => sum + host.guests, 0)).toBe(guests.length);
        const moved = guests.flatMap(({ host: from }, guest) =>
          result.hostOf[guest] === from ? [] : [{ guest, from, to: result.hostOf[guest] }],
        );
        expect(result.moves).toEqual(moved);
        expect(moved.length).toBeLessThanOrEqual(maxMoves ?? guests.length);
        if (maxMoves === undefined)
          for (const other of [result.byChance, result.byMemory])
            expect(result.saved.pages).toBeGreaterThanOrEqual(other?.saved.pages ?? 0);
        const homes = guests.map(({ host }) => host);
        if (counted(small, homes).isAllowed)
          expect(result.saved.pages).toBeGreaterThanOrEqual(result.today.saved.pages);
      }),
      { numRuns: 100 },
    );
  });

  test('is the same each time', () => {
    const guests = madeFleet({ guests: 60, families: 6, hosts: 8, pagesAContent: 64, seed: 1 });
    const options = { hosts: 6, memoryPages: 2_500_000, pagesAContent: 64, breakMargin: 0.1 };
    for (const maxMoves of [guests.length, 25]) {
      const [one, other] = [0, 1].map(() => place(guests, { ...options, maxMoves }));
      expect(one).toEqual(other);
    }
    expect(place(guests, options)).toEqual(place(guests, options));
  });
});

describe('where few may move', () => {
  test('those move that gain most', () => {
    // Either of two shares three contents with the other, and one would lose a fourth by it.
    const guests = guestsWith([1, 2, 3, 4], [9], [4], [1, 2, 3], [7], [7]);
    const { moves, saved } = place(guests, { ...ROOM, maxMoves: 1 });
    expect(moves).toEqual([{ guest: 3, from: 1, to: 0 }]);
    expect(saved.pages).toBe(4);
  });

  test('a host that takes too much comes first, then what would be saved', () => {
    const guests = guestsWith([1], [1], [3], [2]).map((guest, at) => ({
      ...guest,
      host: at < 3 ? 0 : 1,
    }));
    const { today, moves, saved } = place(guests, { ...ROOM, memoryPages: 290, maxMoves: 1 });
    expect(today.hosts[0].usedPages).toBe(299);
    // The one that shares nothing leaves.
    expect(moves).toEqual([{ guest: 2, from: 0, to: 1 }]);
    expect(saved.pages).toBe(1);
  });

  test('no moves are the placement of today', () => {
    const guests = guestsWith([1], [1], [2], [2]);
    const { moves, saved, today } = place(guests, { ...ROOM, maxMoves: 0 });
    expect(moves).toEqual([]);
    expect(saved).toEqual(today.saved);
  });

  test('too few to empty a host are refused, with what is left over', () => {
    const guests = guestsWith([1], [1], [1]).map((guest) => ({ ...guest, host: 2 }));
    expect(() => place(guests, { ...ROOM, maxMoves: 2 })).toThrow(
      '1 of 3 guests would be on none; allow more hosts, memory or moves',
    );
  });
});

test('of no guests is nobody anywhere; one host takes all', () => {
  expect(place([], ROOM)).toMatchObject({ moves: [], saved: { pages: 0 } });
  const { hostOf, saved } = place(guestsWith([1, 2], [2, 3], [4]), { ...ROOM, hosts: 1 });
  expect([...hostOf]).toEqual([0, 0, 0]);
  expect(saved.pages).toBe(1);
});

test('what does not fit is refused, with what is left over', () => {
  const guests = guestsWith([1], [1], [2]);
  expect(() => place(guests, { ...ROOM, memoryPages: 120 })).toThrow(
    'no placement was found that fits on 2 hosts: 1 of 3 guests would be on none',
  );
});

describe('a fleet of families', () => {
  const made = { guests: 2000, families: 100, hosts: 100, pagesAContent: 1024, seed: 7 };
  const guests = madeFleet(made);
  const pages = guests.reduce((sum, { alonePages }) => sum + alonePages, 0);
  const options = {
    hosts: made.hosts,
    memoryPages: Math.ceil((pages / made.hosts) * 1.02),
    pagesAContent: made.pagesAContent,
    breakMargin: 0.1,
  };

  test('saves half as much again as first-fit by memory, chance and today, and tells how far it is', () => {
    const shares: number[] = [];
    const result = place(guests, { ...options, onProgress: (share) => shares.push(share) });
    for (const other of [result.byMemory, result.byChance, result.today])
      expect(result.saved.pages).toBeGreaterThan(1.5 * (other?.saved.pages ?? Infinity));
    const most = Math.max(...result.hosts.map(({ usedPages }) => usedPages));
    expect(most).toBeLessThanOrEqual(options.memoryPages);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});
