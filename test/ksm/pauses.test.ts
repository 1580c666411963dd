/**
 * What takes the scanner long passes places where others may change guests and regions: whatever
 * they do there, a recount agrees and no guest notices.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { Ksm } from '../../src/ksm/ksm.js';
import { setTunable } from '../../src/ksm/tunables.js';

const PAGE = 16;
const GUESTS = ['a', 'b', 'c', 'd'];
const REGIONS = ['x', 'y'];
/** More than an unmerge goes through at a time. */
const PAGES = 700;

function hostOfTwins(): Host {
  const host = Host.create(
    { memoryBytes: 10 * PAGES * PAGE, pageSize: PAGE, guestPages: 12 * PAGES },
    new ManualClock(),
  );
  host.files.set('run', 1);
  host.files.set('smart_scan', 0);
  for (const guest of GUESTS) {
    host.createGuest(guest);
    for (const region of REGIONS) fill(host, guest, region);
  }
  for (let scan = 0; scan < 3; scan++) host.ksm.scan(10 * PAGES * GUESTS.length);
  return host;
}

function fill(host: Host, guest: string, region: string): void {
  const { address } = host.map(guest, region, PAGES);
  const page = new Uint8Array(PAGE);
  for (let i = 0; i < PAGES; i++) {
    page[0] = 1 + (i % 100);
    host.memory.store(guest, address + i * PAGE, page);
  }
}

function assertBytes(host: Host): void {
  const page = new Uint8Array(PAGE);
  for (const guest of host.guests.names()) {
    for (const { address, pages } of host.guests.regionsOf(guest)) {
      for (let i = 0; i < pages; i++) {
        host.memory.load(guest, address + i * PAGE, page);
        if (page[0] !== 1 + (i % 100)) throw new Error(`page ${i} of ${guest} has changed`);
      }
    }
  }
}

const change = fc.record({
  kind: fc.constantFrom('exit', 'unmap', 'map', 'unmergeable', 'nothing'),
  guest: fc.constantFrom(...GUESTS),
  region: fc.constantFrom(...REGIONS),
});

function make(
  host: Host,
  { kind, guest, region }: typeof change extends fc.Arbitrary<infer C> ? C : never,
): void {
  const isThere = host.guests.has(guest);
  const mapped = isThere
    ? host.guests.regionsOf(guest).find(({ name }) => name === region)
    : undefined;
  if (kind === 'exit' && isThere) host.exitGuest(guest);
  if (kind === 'unmap' && mapped !== undefined) host.unmap(guest, region);
  if (kind === 'unmergeable' && mapped !== undefined)
    host.madvise(guest, mapped.address, mapped.pages * PAGE, 'unmergeable');
  if (kind !== 'map') return;
  if (!isThere) host.createGuest(guest);
  if (mapped === undefined) fill(host, guest, region);
}

describe('guests and regions that come and go', () => {
  test('while everything is unmerged', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const host = hostOfTwins();
        const left = [...changes];
        const { machine, profile } = host;
        const ksm = new Ksm(machine, profile, new ManualClock(), () => {
          const next = left.shift();
          if (next !== undefined) make(host, next);
        });
        setTunable(ksm, 'run', 2);
        expect(left.length, 'it pauses').toBeLessThan(changes.length);
        expect(checkHost(host)).toEqual([]);
        expect(host.files.counters()).toMatchObject({ pages_shared: 0, pages_sharing: 0 });
        assertBytes(host);
      }),
      { numRuns: 25 },
    );
  });

  test('while the scanner passes over many pages that it skips', () => {
    const many = 40_000;
    const host = Host.create(
      { memoryBytes: (many + 4 * PAGES) * PAGE, pageSize: PAGE, guestPages: many + 4 * PAGES },
      new ManualClock(),
    );
    host.files.set('run', 1);
    host.createGuest('old');
    const { address } = host.map('old', 'x', many);
    const page = new DataView(new ArrayBuffer(PAGE));
    for (let i = 0; i < many; i++) {
      page.setUint32(0, i + 1);
      host.memory.store('old', address + i * PAGE, new Uint8Array(page.buffer));
    }
    let pauses = 0;
    const ksm = new Ksm(host.machine, host.profile, new ManualClock(), () => {
      pauses++;
      if (pauses % 2 === 1) {
        host.createGuest('passing');
        fill(host, 'passing', 'x');
      } else host.exitGuest('passing');
    });
    // Until most of them are left out for eight scans at a time.
    for (let scan = 0; scan < 12; scan++) {
      ksm.scan(2 * many);
      expect(checkHost(host)).toEqual([]);
    }
    expect(pauses).toBeGreaterThan(12);
    expect(host.files.counters().pages_skipped).toBeGreaterThan(5 * many);
  });
});
