/**
 * Whoever dies at a huge page or a page that forks share, and wherever: every page of every guest
 * holds what it held, or what was being stored in it. As killed.test.ts has it for pages that are
 * mapped alone; but a huge page takes thousands of accesses, so every so many of them is tried.
 */
import { describe, expect, test } from 'vitest';
import { CTL_FOLIOS, PTE_FRAME, SLOT_WORDS, STRETCH_PAGES } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { Ksm } from '../../src/ksm/ksm.js';
import { rebuild } from '../../src/ksm/rebuild.js';
import { finish } from '../../src/machine/long-work.js';
import type { Machine } from '../../src/machine/machine.js';
import { HOLDER_SCANNER } from '../../src/machine/pte.js';
import { recover } from '../../src/machine/recover.js';
import { Mortal } from './mortal.js';

const GUEST_THREAD = 3;
const PAGE = 64;
/** Where every region begins, in pages. */
const START = STRETCH_PAGES;
const WRITTEN = 40;

/**
 * Guest `a` has a huge page, written in part, and a stretch that nobody has touched; `child` has
 * the same of it; a huge page of `b` holds some of the same pages, and `c` a small one of zeroes.
 */
class Family {
  readonly clock = new ManualClock();
  readonly host = Host.create(
    { memoryBytes: 4096 * PAGE, pageSize: PAGE, guestPages: 8192, kernel: '6.18' },
    this.clock,
  );

  constructor() {
    const { host } = this;
    host.files.set('run', 1);
    host.files.set('smart_scan', 0);
    for (const [name, pages, written] of [
      ['a', 2 * STRETCH_PAGES, WRITTEN],
      ['b', STRETCH_PAGES, WRITTEN / 2],
    ] as const) {
      host.createGuest(name);
      host.map(name, 'r', pages, { address: START * PAGE, huge: true });
      for (let page = 0; page < written; page++) this.store(name, page, 1 + page);
    }
    host.fork('a', 'child');
    host.createGuest('c');
    host.map('c', 'r', 1, { address: START * PAGE });
    this.store('c', 0, 0);
  }

  store(guest: string, page: number, content: number): void {
    this.host.memory.store(guest, (START + page) * PAGE, Uint8Array.of(content));
  }

  slot(guest: string, page: number): number {
    return this.host.guests.firstSlot(guest, 'r') + page * SLOT_WORDS;
  }

  memory(): Record<string, string> {
    const { host } = this;
    return Object.fromEntries(
      host.guests.names().map((guest) => {
        const { address, pages } = host.guests.regionOf(guest, 'r');
        const bytes = new Uint8Array(pages * PAGE);
        host.memory.load(guest, address, bytes);
        return [guest, Buffer.from(bytes).toString('latin1')];
      }),
    );
  }

  scan(ksm: Ksm = this.host.ksm): void {
    ksm.scan(10_000);
  }
}

/**
 * Kills `act` before every `stride`th of its accesses, in a new family each time, clears up, and
 * looks. How often it was killed.
 */
function killOften(
  stride: number,
  holder: number,
  act: (machine: Machine, family: Family) => void,
  clearUp: (family: Family) => void,
  expected: (before: Record<string, string>) => Record<string, string>[],
): number {
  for (let kills = 0; ; kills++) {
    const family = new Family();
    const before = family.memory();
    const { memory } = family.host.machine;
    const accesses = new Mortal(memory, holder).run(kills * stride, (machine) =>
      act(machine, family),
    );
    if (accesses !== undefined) return kills;
    clearUp(family);
    const where = `killed before access ${kills * stride}`;
    expect(checkHost(family.host), where).toEqual([]);
    const held = family.memory();
    expect(expected(before), where).toContainEqual(held);
    for (let scan = 0; scan < 4; scan++) family.scan();
    expect(family.memory(), where).toEqual(held);
    family.store('a', STRETCH_PAGES + 1, 77);
    family.store('child', 1, 78);
    family.scan();
    expect(checkHost(family.host), where).toEqual([]);
  }
}

/** What a guest holds once `content` has been stored in a page of it. */
function stored(held: string, page: number, content: number): string {
  const bytes = Buffer.from(held, 'latin1');
  bytes[page * PAGE] = content;
  return bytes.toString('latin1');
}

describe('a guest thread killed', () => {
  test.each([
    ['at the first touch of a huge page', STRETCH_PAGES + 5, 97, 30],
    ['at a store to a huge page that its child shares', 5, 1, 10],
  ])('%s: the store is done or not', (_what, page, stride, kills) => {
    const killed = killOften(
      stride,
      GUEST_THREAD,
      (machine, family) => {
        machine.pages.store(family.slot('a', page), 0, Uint8Array.of(99));
      },
      (family) => finish(recover(family.host.machine, GUEST_THREAD)),
      (before) => [before, { ...before, a: stored(before.a ?? '', page, 99) }],
    );
    expect(killed).toBeGreaterThan(kills);
  });
});

test('the scanner killed while it splits huge pages: nobody notices', () => {
  const killed = killOften(
    1009,
    HOLDER_SCANNER,
    (machine, family) => {
      const ksm = new Ksm(machine, family.host.profile, family.clock);
      for (let scan = 0; scan < 3; scan++) family.scan(ksm);
      expect(family.host.files.totals().splits).toBe(2);
    },
    (family) => {
      finish(rebuild(family.host.ksm, 0));
      family.host.files.set('run', 1);
    },
    (before) => [before],
  );
  expect(killed).toBeGreaterThan(50);
});

describe('a page that a fork shares is to merge with the only page of zeroes of a huge page', () => {
  /** The split gives the twin back, so the page gets a frame of its own, and the child keeps it. */
  const make = (): { host: Host; merge: (diesAt: number) => number | undefined } => {
    const host = Host.create(
      { memoryBytes: 2048 * PAGE, pageSize: PAGE, guestPages: 2048, kernel: '6.18' },
      new ManualClock(),
    );
    host.createGuest('huge');
    host.map('huge', 'r', STRETCH_PAGES, { address: START * PAGE, huge: true });
    for (let page = 1; page < STRETCH_PAGES; page++)
      host.memory.store('huge', (START + page) * PAGE, Uint8Array.of(page, page >> 8, 1));
    host.createGuest('small');
    host.map('small', 'r', 1, { address: START * PAGE });
    host.memory.store('small', START * PAGE, Uint8Array.of(0));
    host.fork('small', 'child');
    const { memory } = host.machine;
    const [twin, page] = ['huge', 'small'].map((guest) => host.guests.firstSlot(guest, 'r'));
    const frameOf = (slot: number): number => memory.i32[slot + PTE_FRAME];
    const merge = (diesAt: number): number | undefined =>
      new Mortal(memory, HOLDER_SCANNER).run(diesAt, (_machine, core) =>
        core.mergeTwins(page, frameOf(page), twin, frameOf(twin), 0),
      );
    return { host, merge };
  };
  const frames = (host: Host): number[] =>
    ['small', 'child'].map(
      (guest) => host.machine.memory.i32[host.guests.firstSlot(guest, 'r') + PTE_FRAME],
    );

  test('it gets a frame of its own', () => {
    const { host, merge } = make();
    expect(frames(host)[0]).toBe(frames(host)[1]);
    expect(merge(Number.POSITIVE_INFINITY)).toBeGreaterThan(0);
    expect(frames(host)[0]).not.toBe(frames(host)[1]);
    expect(host.machine.frames.isKsm(frames(host)[1] ?? 0)).toBe(true);
    expect(checkHost(host)).toEqual([]);
  });

  test('the scanner killed at any of the last steps: each page holds its zeroes', () => {
    const accesses = make().merge(Number.POSITIVE_INFINITY) ?? 0;
    for (let diesAt = accesses - 60; diesAt < accesses; diesAt++) {
      const { host, merge } = make();
      expect(merge(diesAt)).toBeUndefined();
      finish(rebuild(host.ksm, 0));
      expect(checkHost(host), `killed before access ${diesAt}`).toEqual([]);
      for (const guest of ['small', 'child']) {
        const bytes = new Uint8Array(PAGE);
        host.memory.load(guest, START * PAGE, bytes);
        expect(bytes, guest).toEqual(new Uint8Array(PAGE));
      }
    }
  });
});

test('a thread that died while it made a huge page left its pages mapped: the next touch goes on', () => {
  const family = new Family();
  const { machine } = family.host;
  const before = machine.memory.i32[CTL_FOLIOS];
  new Mortal(machine.memory, GUEST_THREAD).run(2000, (mortal) =>
    mortal.pages.store(family.slot('a', STRETCH_PAGES), 0, Uint8Array.of(1)),
  );
  finish(recover(machine, GUEST_THREAD));
  expect(family.host.guests.hugePages('a')).toBe(1);
  family.store('a', 2 * STRETCH_PAGES - 1, 1);
  expect(family.host.guests.hugePages('a')).toBe(2);
  expect(machine.memory.i32[CTL_FOLIOS] - before, 'huge pages begun').toBe(1);
  expect(checkHost(family.host)).toEqual([]);
});
