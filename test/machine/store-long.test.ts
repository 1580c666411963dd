/**
 * A store of many pages takes a short way, by runs of pages. That is told by nothing but the time:
 * bytes, counters and what the scanner makes of it are those of stores page by page.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { check } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { finish } from '../../src/machine/long-work.js';

const PAGE = 64;
const PAGES = 1100;
const BASE = 512 * PAGE;
const FRAMES = 2500;

type Step =
  | { do: 'store'; guest: string; at: number; length: number; content: number }
  | { do: 'scan'; pages: number }
  | { do: 'fork' }
  | { do: 'drop'; guest: string; page: number; count: number }
  | { do: 'detect'; by: 'checksum' | 'dirty' };

const guests = fc.constantFrom('parent', 'child');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('store' as const),
        guest: guests,
        at: fc.oneof(fc.nat(PAGES * PAGE - 1), fc.nat(20 * PAGE)),
        length: fc.oneof(fc.integer({ min: 1, max: 30 * PAGE }), fc.constant(700 * PAGE)),
        content: fc.nat(3),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('scan' as const), pages: fc.nat(3000) }) },
    fc.record({ do: fc.constant('fork' as const) }),
    fc.record({
      do: fc.constant('drop' as const),
      guest: guests,
      page: fc.nat(PAGES - 1),
      count: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      do: fc.constant('detect' as const),
      by: fc.constantFrom('checksum' as const, 'dirty' as const),
    }),
  ),
  { maxLength: 16 },
);

function hostOf(huge: boolean, frames: number): Host {
  const host = Host.create(
    { memoryBytes: frames * PAGE, pageSize: PAGE, guestPages: 4096, maxGuests: 4, maxRegions: 8 },
    new ManualClock(),
  );
  host.files.set('run', 1);
  host.createGuest('parent');
  host.map('parent', 'small', 76, { address: BASE });
  host.map('parent', 'rest', PAGES - 76, { address: BASE + 76 * PAGE, huge });
  return host;
}

/** Content 0 is zeroes; the others differ in each page, and not from store to store. */
function bytesOf({ at, length, content }: { at: number; length: number; content: number }) {
  return Uint8Array.from({ length }, (_, i) =>
    content === 0 ? 0 : (content * 31 + Math.floor((at + i) / PAGE / content)) % 251,
  );
}

/** What the store came to: the bytes stored. */
function attempt(store: () => void, length: number): unknown {
  try {
    store();
    return length;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

test.each([
  { huge: false, frames: FRAMES },
  { huge: true, frames: FRAMES },
  { huge: false, frames: 900 },
])('a long store is as many stores: huge $huge, $frames frames', ({ huge, frames }) => {
  fc.assert(
    fc.property(steps, (steps) => {
      const long = hostOf(huge, frames);
      const plain = hostOf(huge, frames);
      for (const step of steps) {
        switch (step.do) {
          case 'store': {
            if (!long.guests.has(step.guest)) break;
            const length = Math.min(step.length, PAGES * PAGE - step.at);
            const bytes = bytesOf({ ...step, length });
            const address = BASE + step.at;
            const pointer = plain.guests.pointer(step.guest);
            expect(attempt(() => long.memory.store(step.guest, address, bytes), length)).toEqual(
              attempt(() => plain.machine.store(pointer, address, bytes), length),
            );
            break;
          }
          case 'scan':
            for (const host of [long, plain]) host.ksm.scan(step.pages);
            break;
          case 'fork':
            if (long.guests.has('child')) break;
            for (const host of [long, plain]) host.fork('parent', 'child');
            break;
          case 'drop': {
            if (!long.guests.has(step.guest)) break;
            const count = Math.min(step.count, PAGES - step.page);
            for (const host of [long, plain])
              host.madvise(step.guest, BASE + step.page * PAGE, count * PAGE, 'dontneed');
            break;
          }
          case 'detect':
            for (const host of [long, plain]) host.files.set('change_detection', step.by);
        }
        expect(long.files.counters()).toEqual(plain.files.counters());
        expect(long.files.totals()).toEqual(plain.files.totals());
        expect(long.files.kernelWork()).toEqual(plain.files.kernelWork());
        expect(long.machine.frames.used).toBe(plain.machine.frames.used);
      }
      for (const guest of long.guests.names()) {
        const [is, should] = [Buffer.alloc(PAGES * PAGE), Buffer.alloc(PAGES * PAGE)];
        long.memory.load(guest, BASE, is);
        plain.memory.load(guest, BASE, should);
        expect(is.equals(should)).toBe(true);
      }
      expect(finish(check(long.machine, long.profile))).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
