/**
 * boot: zeroes, a part in common with every machine of its kind, a part of its own; then slow churn
 * in the last pages.
 */
import { expect, test } from 'vitest';
import { boot } from '../../src/workload/boot.js';
import { ManualPace, PlainMemory, run } from './plain-memory.js';

const PAGES = 100;
const contents = (memory: PlainMemory): string[] =>
  Array.from({ length: PAGES }, (_, page) => Buffer.from(memory.page(page)).toString('hex'));

function booted(seed: number, stopAt = PAGES): PlainMemory {
  const memory = new PlainMemory(PAGES);
  run(boot, memory, { seed }, new ManualPace(stopAt));
  return memory;
}

test('three tenths are zeroes, half is common, the rest is each machine’s own', () => {
  const [one, other] = [contents(booted(1)), contents(booted(2))];
  expect(new Set(one.slice(0, 30))).toEqual(new Set(['00'.repeat(128)]));
  expect(other.slice(0, 80)).toEqual(one.slice(0, 80));
  // All of these differ from one another.
  expect(new Set([...one.slice(29), ...other.slice(80)]).size).toBe(71 + 20);
});

test('the same seed gives the same machine', () => {
  expect(contents(booted(5, 300))).toEqual(contents(booted(5, 300)));
  expect(contents(booted(5, 300))).not.toEqual(contents(booted(5)));
});

test('after its start only its last pages change, a tenth of its own, at the rate asked for', () => {
  const memory = new PlainMemory(PAGES);
  const pace = new ManualPace(PAGES + 50);
  const tally = run(boot, memory, { rate: 10 }, pace);
  expect(tally.stores).toBe(PAGES + 50);
  expect(new Set(memory.stored.slice(PAGES))).toEqual(new Set([98, 99]));
  expect(pace.now).toBeCloseTo(4900);
  // A hundred a second unless told otherwise.
  const usual = new ManualPace(PAGES + 51);
  run(boot, new PlainMemory(PAGES), {}, usual);
  expect(usual.now).toBeCloseTo(500);
});

test('the smallest of regions will do', () => {
  const memory = new PlainMemory(1);
  expect(run(boot, memory, {}, new ManualPace(10)).stores).toBe(10);
});

test('a store that finds no frame is tried again; it stops when asked, whatever it waits for', () => {
  const memory = new PlainMemory(PAGES);
  memory.full = 9;
  expect(run(boot, memory, {}, new ManualPace(PAGES + 9))).toMatchObject({
    stores: PAGES,
    retries: 9,
  });
  memory.full = Number.POSITIVE_INFINITY;
  expect(run(boot, memory, {}, new ManualPace(5))).toMatchObject({ stores: 0, retries: 5 });
});
