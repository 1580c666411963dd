/** Pages told apart by how many share them, by zeroes, by age, and by whom a guest shares with. */
import { expect, test } from 'vitest';
import { SLOT_WORDS } from '../../src/core/layout.js';
import { takePageClasses } from '../../src/inspect/page-classes.js';
import { finish } from '../../src/machine/long-work.js';
import type { PageClassing } from '../../src/names.js';
import { BenchHost } from '../ksm/bench-host.js';

function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value);
}

/** Of each page of these guests, its class in words. */
function classesOf(
  { host }: BenchHost,
  guests: readonly string[],
  by: PageClassing,
  about?: string,
): string[][] {
  const found = finish(takePageClasses(host, by, about));
  if (found === undefined) throw new Error('nothing was found');
  const { classes, values, pages } = found;
  const words = classes.map(({ kind, least, most, guest }) =>
    [kind, least, most, guest].filter((word) => word !== undefined).join(' '),
  );
  const all = guests.map((guest) =>
    host.guests.regionsOf(guest).flatMap((region) => {
      const first =
        (host.guests.firstSlot(guest, region.name) - host.machine.memory.slotTable) / SLOT_WORDS;
      return [...values.subarray(first, first + region.pages)].map((value) => words[value] ?? '');
    }),
  );
  // All pages are counted, and each once.
  for (const [i, word] of words.entries())
    expect(pages[i]).toBe(all.flat().filter((each) => each === word).length);
  return all;
}

test('by sharers: how many pages map the same frame', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('a', [1, 2, 3, 0, ...times(4, 9)]);
  bench.guest('b', [1, 2, 4]);
  bench.guest('c', [1]);
  bench.fullScans(4);
  expect(classesOf(bench, ['a', 'b', 'c'], 'sharers')).toEqual([
    ['mapped 3 4', 'mapped 2 2', 'mapped 1 1', 'zero', ...times(4, 'mapped 3 4')],
    ['mapped 3 4', 'mapped 2 2', 'mapped 1 1'],
    ['mapped 3 4'],
  ]);
});

test('by zeroes: merged or not, and apart from what else there is', () => {
  const bench = new BenchHost();
  bench.guest('a', [0, 0, 1, 1, 2]);
  expect(classesOf(bench, ['a'], 'zeroes')).toEqual([
    ['zeroes', 'zeroes', 'other', 'other', 'other'],
  ]);
  bench.fullScans(3);
  expect(classesOf(bench, ['a'], 'zeroes')).toEqual([
    ['zeroesMerged', 'zeroesMerged', 'merged', 'merged', 'other'],
  ]);
});

test('by age: as smart scan counts it, of pages that the scanner knows and has not merged', () => {
  const bench = new BenchHost();
  bench.host.files.set('smart_scan', 1);
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('a', [1, 2, 2, 0]);
  expect(classesOf(bench, ['a'], 'age')).toEqual([times(4, 'unknown')]);
  bench.fullScans(2);
  expect(classesOf(bench, ['a'], 'age')).toEqual([['age 0 2', 'merged', 'merged', 'merged']]);
  bench.fullScans(3);
  expect(classesOf(bench, ['a'], 'age')).toEqual([['age 3 5', 'merged', 'merged', 'merged']]);
  bench.fullScans(300);
  expect(classesOf(bench, ['a'], 'age')).toEqual([['age 255', 'merged', 'merged', 'merged']]);
});

test('by guest: whom it shares frames with, most first, and what nobody else has', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3, 4, 5, 5]);
  bench.guest('b', [1, 7, 7]);
  bench.guest('c', [1, 2, 3, 8]);
  bench.fullScans(4);
  expect(classesOf(bench, ['a', 'b', 'c'], 'guest', 'a')).toEqual([
    // What both have is told of the one with which it shares more.
    [...times(3, 'partner c'), ...times(3, 'alone a')],
    ['partner b', 'apart', 'apart'],
    [...times(3, 'partner c'), 'apart'],
  ]);
});

test('there are no more classes than the coding of the map has numbers for', () => {
  const bench = new BenchHost();
  const names = Array.from({ length: 8 }, (_, number) => `guest-${number}`);
  for (const [i, name] of names.entries())
    bench.guest(
      name,
      Array.from({ length: 8 - i }, (_, page) => page + 1),
    );
  bench.fullScans(4);
  const found = classesOf(bench, names, 'guest', 'guest-0');
  expect(new Set(found.flat())).toContain('partners');
  for (const by of ['sharers', 'zeroes', 'age', 'guest'] as const)
    expect(finish(takePageClasses(bench.host, by, 'guest-0'))?.classes.length).toBeLessThan(16);
});

test('a guest that there is not, or is not said, is an error; what changes meanwhile is looked at anew', () => {
  const bench = new BenchHost();
  bench.guest('a', times(20, 1));
  expect(() => finish(takePageClasses(bench.host, 'guest', 'z'))).toThrow("no guest 'z'");
  expect(() => finish(takePageClasses(bench.host, 'guest'))).toThrow('guest=NAME');
  const look = takePageClasses(bench.host, 'sharers');
  look.next();
  bench.guest('b', [1]);
  expect(finish(look)).toBeUndefined();
});
