/** Frames by what is in them: all of them, or of too many a sample that stands for the rest. */
import { expect, test } from 'vitest';
import { PTE_FRAME, SLOT_WORDS } from '../../src/core/layout.js';
import { Contents } from '../../src/inspect/contents.js';
import { BenchHost } from '../ksm/bench-host.js';

/** The frames of a guest's pages, noted, and by frame the first of its content or 0. */
function noted(bench: BenchHost, pages: number, mostFrames?: number): [Contents, number[]] {
  const { i32 } = bench.host.machine.memory;
  const contents = new Contents(bench.host.machine, undefined, mostFrames);
  const start = bench.host.guests.firstSlot('a', 'r');
  const firsts = Array.from({ length: pages }, (_, page) =>
    contents.note(i32[start + page * SLOT_WORDS + PTE_FRAME]),
  );
  return [contents, firsts];
}

test('frames with the same bytes have the same first frame, others have not', () => {
  const bench = new BenchHost();
  const values = [1, 2, 1, 3, 2, 1, 0];
  bench.guest('a', values);
  const [, firsts] = noted(bench, values.length);
  for (const [at, value] of values.entries())
    expect(firsts[at]).toBe(firsts[values.indexOf(value)]);
  expect(new Set(firsts).size).toBe(4);
});

test('of more frames than it takes, a content is known whole or not at all, and weighs as many', () => {
  const bench = new BenchHost();
  const values = Array.from({ length: 200 }, (_, page) => 1 + (page % 100));
  bench.guest('a', values);
  const [contents, firsts] = noted(bench, values.length, 50);
  expect(firsts.slice(0, 100)).toEqual(firsts.slice(100));
  const known = firsts.filter((first) => first !== 0);
  expect(new Set(known.map((first) => contents.weight(first)))).toEqual(new Set([4]));
  // 50 are expected.
  expect(known.length).toBeGreaterThan(25);
  expect(known.length).toBeLessThan(75);
});

test('zeroes are known in any case, and weigh what they are', () => {
  const bench = new BenchHost();
  bench.guest('a', [...Array.from({ length: 100 }, (_, page) => page + 1), 0, 0]);
  const [contents, firsts] = noted(bench, 102, 1);
  const [zeroes = 0, others] = [firsts[100], new Set(firsts.slice(0, 100))];
  expect(zeroes).toBeGreaterThan(0);
  expect(firsts[101]).toBe(zeroes);
  expect(contents.weight(zeroes)).toBe(1);
  expect(others.size).toBeLessThan(10);
});
