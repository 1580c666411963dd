/**
 * khugepaged, in examples small enough to be worked out by hand. What it does in all its detail,
 * the recordings of it say (test/conformance/kernel-traces.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { STRETCH_PAGES } from '../../src/core/layout.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { finish } from '../../src/machine/long-work.js';

const PAGE = 64;
const START = STRETCH_PAGES * PAGE;

class Bench {
  readonly host = Host.create(
    { memoryBytes: 8192 * PAGE, pageSize: PAGE, guestPages: 16_384 },
    new ManualClock(),
  );

  constructor() {
    this.host.files.set('run', 1);
    this.host.files.set('smart_scan', 0);
  }

  /** A guest with so many huge pages, each touched once. */
  guest(name: string, stretches = 1): void {
    this.host.createGuest(name);
    this.host.map(name, 'r', stretches * STRETCH_PAGES, { address: START, huge: true });
    for (let i = 0; i < stretches; i++) this.store(name, i * STRETCH_PAGES, 1 + i);
  }

  store(guest: string, page: number, content: number): void {
    this.host.memory.store(guest, START + page * PAGE, Uint8Array.of(content));
  }

  /** So many pages of the guest are given back, from a page on: what is left is mapped alone. */
  drop(guest: string, page: number, count: number): void {
    this.host.madvise(guest, START + page * PAGE, count * PAGE, 'dontneed');
  }

  scan(times = 1): void {
    for (let i = 0; i < times; i++) this.host.ksm.scan(100_000);
  }

  pass(pages?: number): void {
    finish(this.host.khugepaged.pass(pages));
    expect(checkHost(this.host)).toEqual([]);
  }

  huge(...guests: string[]): number[] {
    return guests.map((guest) => this.host.guests.hugePages(guest));
  }

  get collapsed(): number {
    return this.host.khugepaged.counters.pages_collapsed;
  }
}

test('what was given back in part becomes a huge page again, all of it there', () => {
  const bench = new Bench();
  bench.guest('a');
  bench.drop('a', 10, 100);
  expect([bench.huge('a'), bench.host.guests.presentPages('a')]).toEqual([
    [0],
    STRETCH_PAGES - 100,
  ]);
  bench.pass();
  expect([bench.huge('a'), bench.host.guests.presentPages('a')]).toEqual([[1], STRETCH_PAGES]);
  expect(bench.host.khugepaged.counters).toEqual({ pages_collapsed: 1, full_scans: 1 });
});

test('KSM splits and gives zeroes back, khugepaged makes them resident again: a circle', () => {
  const bench = new Bench();
  bench.guest('a');
  bench.guest('b');
  bench.scan(3);
  expect(bench.huge('a', 'b')).toEqual([0, 0]);
  expect(bench.host.guests.presentPages('a') + bench.host.guests.presentPages('b')).toBe(2);
  bench.pass();
  expect(bench.huge('a', 'b')).toEqual([1, 1]);
  bench.scan(3);
  expect(bench.huge('a', 'b')).toEqual([0, 0]);
  expect(bench.host.guests.presentPages('a') + bench.host.guests.presentPages('b')).toBe(2);
});

describe('limits', () => {
  test.each([
    [100, 1],
    [99, 0],
  ])('of 100 absent pages, %i may be: %i huge page', (limit, huge) => {
    const bench = new Bench();
    bench.guest('a');
    bench.drop('a', 10, 100);
    bench.host.files.set('khugepaged/max_ptes_none', limit);
    bench.pass();
    expect(bench.huge('a')).toEqual([huge]);
  });

  test.each([
    [3, 1],
    [2, 0],
  ])('of 3 pages that a child shares, %i may be: %i huge page', (limit, huge) => {
    const bench = new Bench();
    bench.guest('a');
    bench.drop('a', 3, STRETCH_PAGES - 3);
    // Small pages, each of its own: what is left of the huge page is written anew.
    bench.drop('a', 0, 3);
    for (let page = 0; page < 3; page++) bench.store('a', page, 5 + page);
    bench.host.fork('a', 'child');
    bench.host.files.set('khugepaged/max_ptes_shared', limit);
    bench.pass();
    expect(bench.huge('a', 'child')).toEqual([huge, huge === 1 ? 1 : 0]);
  });

  test('any part of a huge page that a child maps makes all its pages shared', () => {
    const bench = new Bench();
    bench.guest('a');
    bench.host.fork('a', 'child');
    bench.drop('child', 0, STRETCH_PAGES - 1);
    bench.drop('a', STRETCH_PAGES - 1, 1);
    bench.host.files.set('khugepaged/max_ptes_shared', STRETCH_PAGES - 2);
    bench.host.files.set('khugepaged/max_ptes_none', 1);
    bench.pass();
    expect(bench.huge('a')).toEqual([0]);
  });

  test.each([
    ['khugepaged/max_ptes_none', STRETCH_PAGES],
    ['khugepaged/max_ptes_shared', -1],
    ['khugepaged/pages_to_scan', 0],
    ['khugepaged/scan_sleep_millisecs', 0.5],
  ])('%s does not take %d', (name, value) => {
    expect(() => new Bench().host.files.set(name, value)).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });
});

test('two pages of a stretch that are one KSM page are in each other’s way', () => {
  const bench = new Bench();
  bench.guest('a');
  bench.store('a', 1, 1);
  bench.scan(3);
  expect(bench.host.files.counters().pages_sharing).toBe(1);
  bench.pass();
  expect(bench.huge('a')).toEqual([0]);
});

test('a pass looks at so many pages, and the next goes on behind them', () => {
  const bench = new Bench();
  bench.guest('a', 3);
  for (let i = 0; i < 3; i++) bench.drop('a', i * STRETCH_PAGES + 1, 1);
  const collapsed = [];
  for (let i = 0; i < 4; i++) {
    bench.pass(STRETCH_PAGES);
    collapsed.push(bench.collapsed);
  }
  expect(collapsed).toEqual([1, 2, 3, 3]);
});

test('guests come in the order in which they met their first huge page; one that exits is left out', () => {
  const bench = new Bench();
  for (const name of ['a', 'b', 'c']) bench.guest(name);
  for (const name of ['a', 'b', 'c']) bench.drop(name, 1, 1);
  bench.pass(STRETCH_PAGES);
  expect(bench.huge('a', 'b', 'c')).toEqual([1, 0, 0]);
  bench.host.exitGuest('b');
  bench.pass(STRETCH_PAGES);
  expect(bench.huge('a', 'c')).toEqual([1, 1]);
});

test('a guest that never met a huge page is none of its business', () => {
  const bench = new Bench();
  bench.host.createGuest('a');
  bench.host.map('a', 'r', 2 * STRETCH_PAGES, { address: START });
  bench.store('a', 0, 1);
  bench.pass();
  expect(bench.host.khugepaged.counters).toEqual({ pages_collapsed: 0, full_scans: 0 });
});

test('where there are too few frames for a huge page nothing changes', () => {
  const host = Host.create(
    { memoryBytes: 700 * PAGE, pageSize: PAGE, guestPages: 2048 },
    new ManualClock(),
  );
  host.createGuest('a');
  host.map('a', 'r', STRETCH_PAGES, { address: START, huge: true });
  host.memory.store('a', START, Uint8Array.of(1));
  host.madvise('a', START, PAGE, 'dontneed');
  finish(host.khugepaged.pass());
  expect([host.guests.hugePages('a'), host.guests.presentPages('a')]).toEqual([
    0,
    STRETCH_PAGES - 1,
  ]);
});
