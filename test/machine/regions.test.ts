/**
 * Regions: which addresses of a guest are mapped; and ghosts, which wait with their slots until the
 * scanner has let go of the rmap items there.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CTL_SLOTS_USED } from '../../src/core/layout.js';
import { KsmdError } from '../../src/errors.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { finish } from '../../src/machine/long-work.js';

const PAGE = 64;

function hostOf(maxRegions = 16): Host {
  const host = Host.create(
    { memoryBytes: 64 * PAGE, pageSize: PAGE, guestPages: 32, maxGuests: 4, maxRegions },
    new ManualClock(),
  );
  host.createGuest('g');
  return host;
}

function fill(host: Host, address: number, pages: number): void {
  host.memory.store('g', address, new Uint8Array(pages * PAGE).fill(3));
}

/**
 * Region entries of the guest, ghosts too: where they begin, how many pages, and whether they are
 * ghosts.
 */
function entries({ machine }: Host, guest: number): string[] {
  const { regions } = machine;
  const all: string[] = [];
  for (let r = regions.first(guest); r !== 0; r = regions.next(r))
    all.push(`${regions.isGhost(r) ? 'ghost ' : ''}${regions.vpn(r)}+${regions.pages(r)}`);
  return all;
}

function slotsUsed({ machine }: Host): number {
  return machine.memory.i32[CTL_SLOTS_USED];
}

test('regions that name no address go where there is room, in order of address', () => {
  const host = hostOf();
  const a = host.map('g', 'a', 3);
  const b = host.map('g', 'b', 2);
  expect(a.address).toBe(0x100000000);
  expect(b.address).toBe(a.address + 3 * PAGE);
  host.unmap('g', 'a');
  expect(host.map('g', 'c', 4).address, 'too large for the gap').toBe(b.address + 2 * PAGE);
  expect(host.map('g', 'd', 3).address, 'into the gap').toBe(a.address);
  expect(host.guests.regionsOf('g').map(({ name }) => name)).toEqual(['d', 'b', 'c']);
  expect(checkHost(host)).toEqual([]);
});

describe('many at once', () => {
  const wanted = (name: string, first: number, pages = 1) => ({
    name,
    address: first * PAGE,
    pages,
  });
  const mapAll = (host: Host, ...regions: ReturnType<typeof wanted>[]): void =>
    finish(host.mapAllInSlices('g', regions));

  test('are there as if they had come one by one', () => {
    const host = hostOf();
    mapAll(host, wanted('a', 9, 2), wanted('b', 3), wanted('c', 4));
    expect(host.guests.regionsOf('g').map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    fill(host, 3 * PAGE, 2);
    expect(host.guests.presentPages('g')).toBe(2);
    expect(checkHost(host)).toEqual([]);
  });

  test('are there all, or none is', () => {
    const host = hostOf(4);
    mapAll(host, wanted('old', 1));
    const refused = [
      [wanted('a', 2), wanted('old', 3)],
      [wanted('a', 2), wanted('a', 3)],
      [wanted('a', 2), wanted('b', 3, 31)],
      [wanted('a', 2), wanted('b', 4, 2), wanted('c', 5)],
      [wanted('a', 2), wanted('b', 3), wanted('c', 4), wanted('d', 5)],
    ];
    for (const regions of refused) {
      expect(() => mapAll(host, ...regions)).toThrow(KsmdError);
      expect(entries(host, host.guests.pointer('g'))).toEqual(['1+1']);
      expect(slotsUsed(host)).toBe(1);
      expect(checkHost(host)).toEqual([]);
    }
  });
});

describe('an address', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('map' as const),
      guest: fc.constantFrom('g', 'h'),
      first: fc.integer({ min: 1, max: 40 }),
      pages: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({
      kind: fc.constant('unmap' as const),
      guest: fc.constantFrom('g', 'h'),
      first: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({ kind: fc.constant('scan' as const), pages: fc.integer({ min: 1, max: 40 }) }),
  );

  test('has the region that was mapped there last, whatever was asked for before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const host = hostOf(12);
        host.createGuest('h');
        const { regions } = host.machine;
        const mapped = new Map<string, string>();
        for (const each of steps) {
          if (each.kind === 'scan') host.ksm.scan(each.pages);
          else if (each.kind === 'map') {
            try {
              host.map(each.guest, `${each.first}`, each.pages, { address: each.first * PAGE });
              for (let page = each.first; page < each.first + each.pages; page++)
                mapped.set(`${each.guest} ${page}`, `${each.first}`);
              host.memory.store(each.guest, each.first * PAGE, new Uint8Array(PAGE).fill(1));
            } catch (error) {
              // Taken, or no room.
              if (!(error instanceof KsmdError)) throw error;
            }
          } else if (mapped.get(`${each.guest} ${each.first}`) === `${each.first}`) {
            host.unmap(each.guest, `${each.first}`);
            for (const [page, name] of mapped)
              if (page.startsWith(each.guest) && name === `${each.first}`) mapped.delete(page);
          }
          for (const guest of ['g', 'h'])
            for (let page = 1; page < 46; page++) {
              const region = regions.at(host.guests.pointer(guest), page);
              const name = mapped.get(`${guest} ${page}`);
              expect(region).toBe(name === undefined ? 0 : host.guests.region(guest, name));
            }
        }
        expect(checkHost(host)).toEqual([]);
      }),
    );
  });
});

test('slots given back are used again', () => {
  const host = hostOf();
  for (let i = 0; i < 10; i++) {
    host.map('g', 'a', 30);
    expect(() => host.map('g', 'b', 3)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    host.unmap('g', 'a');
  }
  expect(slotsUsed(host)).toBe(0);
  expect(checkHost(host)).toEqual([]);
});

test('a region that was never scanned leaves nothing; one that was stays as a ghost until the scanner passes', () => {
  const host = hostOf();
  const guest = host.guests.pointer('g');
  host.map('g', 'a', 4, { address: PAGE });
  fill(host, PAGE, 4);
  host.unmap('g', 'a');
  expect(entries(host, guest)).toEqual([]);

  host.map('g', 'a', 4, { address: PAGE });
  fill(host, PAGE, 4);
  host.ksm.scan(2);
  host.unmap('g', 'a');
  expect(entries(host, guest)).toEqual(['ghost 1+4']);
  expect([host.machine.frames.used, slotsUsed(host)], 'a ghost has slots and no frames').toEqual([
    0, 4,
  ]);
  expect(checkHost(host)).toEqual([]);
  host.ksm.scan(100);
  host.ksm.scan(100);
  expect(entries(host, guest)).toEqual([]);
  expect(slotsUsed(host)).toBe(0);
  expect(checkHost(host)).toEqual([]);
});

test('a ghost is no mapping: it cannot be loaded, and another region may take its place', () => {
  const host = hostOf();
  host.map('g', 'a', 4, { address: PAGE });
  fill(host, PAGE, 4);
  host.ksm.scan(100);
  host.unmap('g', 'a');
  expect(() => host.memory.load('g', PAGE, new Uint8Array(1))).toThrow(/no region maps 0x40/);
  expect(() => host.madvise('g', PAGE, PAGE, 'dontneed')).toThrow(/no region maps/);
  host.map('g', 'b', 4, { address: PAGE });
  const seen = new Uint8Array(1).fill(1);
  host.memory.load('g', PAGE, seen);
  expect(seen).toEqual(Uint8Array.of(0));
  expect(checkHost(host)).toEqual([]);
});

test.each([
  { pages: 8, at: 1, left: ['1+8'] },
  { pages: 3, at: 1, left: ['1+3', 'ghost 4+5'] },
  { pages: 3, at: 3, left: ['ghost 1+2', '3+3', 'ghost 6+3'] },
  { pages: 4, at: 5, left: ['ghost 1+4', '5+4'] },
  { pages: 12, at: 1, left: ['1+12'] },
])(
  'a region of $pages pages over a ghost of 8, from page $at on, takes over its rmap items ' +
    'there: $left',
  ({ pages, at, left }) => {
    const host = hostOf();
    const guest = host.guests.pointer('g');
    host.map('g', 'a', 8, { address: PAGE });
    fill(host, PAGE, 8);
    host.ksm.scan(100);
    expect(host.files.guestCounters('g').ksm_rmap_items).toBe(8);
    host.unmap('g', 'a');
    host.map('g', 'b', pages, { address: at * PAGE });
    expect(entries(host, guest)).toEqual(left);
    expect(host.files.guestCounters('g').ksm_rmap_items).toBe(8);
    expect(checkHost(host)).toEqual([]);
    // The items under the new region go on with it: once it is written again, none is made.
    fill(host, at * PAGE, pages);
    host.ksm.scan(100);
    expect(host.files.guestCounters('g').ksm_rmap_items).toBe(pages);
    expect(checkHost(host)).toEqual([]);
  },
);

test('a page mapped anew with what it held when it was scanned has not changed; one with anything else has', () => {
  const host = hostOf();
  const write = (page: number, byte: number): void =>
    host.memory.store('g', (1 + page) * PAGE, new Uint8Array(PAGE).fill(byte));
  host.map('g', 'a', 2, { address: PAGE });
  write(0, 5);
  write(1, 6);
  host.ksm.scan(100);
  host.unmap('g', 'a');
  host.map('g', 'b', 2, { address: PAGE });
  write(0, 5);
  write(1, 7);
  host.ksm.scan(100);
  expect(host.files.counters()).toMatchObject({ pages_unshared: 1, pages_volatile: 1 });
  expect(checkHost(host)).toEqual([]);
});

test('what is left of a ghost beside a new region stays only where it has rmap items', () => {
  const host = hostOf();
  const guest = host.guests.pointer('g');
  host.map('g', 'a', 8, { address: PAGE });
  fill(host, PAGE, 1);
  host.ksm.scan(100);
  host.unmap('g', 'a');
  host.map('g', 'b', 2, { address: PAGE });
  expect(entries(host, guest)).toEqual(['1+2']);
  expect(slotsUsed(host)).toBe(2);
  expect(checkHost(host)).toEqual([]);
});

test('a region that finds the table full as it splits a ghost is refused, and nothing of it is left', () => {
  // Room for the ghost, the region, and one of the two parts that the ghost would leave.
  const host = hostOf(3);
  const guest = host.guests.pointer('g');
  host.map('g', 'a', 8, { address: PAGE });
  fill(host, PAGE, 8);
  host.ksm.scan(100);
  host.unmap('g', 'a');
  expect(() => host.map('g', 'b', 3, { address: 3 * PAGE })).toThrow(
    expect.objectContaining({ code: 'ENOSPC' }),
  );
  expect(host.guests.regionsOf('g')).toEqual([]);
  expect(entries(host, guest).every((entry) => entry.startsWith('ghost'))).toBe(true);
  expect(host.files.guestCounters('g').ksm_rmap_items).toBe(8);
  expect(checkHost(host)).toEqual([]);
  host.ksm.scan(100);
  host.ksm.scan(100);
  expect([entries(host, guest), slotsUsed(host)]).toEqual([[], 0]);
});

test('a region that overlaps is refused whichever way', () => {
  const host = hostOf();
  host.map('g', 'a', 4, { address: 10 * PAGE });
  for (const [address, pages] of [
    [9, 2],
    [10, 4],
    [11, 1],
    [13, 5],
    [1, 31],
  ]) {
    expect(() => host.map('g', 'b', pages, { address: address * PAGE })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  }
  host.map('g', 'b', 1, { address: 9 * PAGE });
  host.map('g', 'c', 1, { address: 14 * PAGE });
  expect(checkHost(host)).toEqual([]);
});
