/** ksmpages writes every page of its region once, and reads on if asked. */
import { expect, test } from 'vitest';
import { ksmpages } from '../../src/workload/ksmpages.js';
import { ManualPace, PlainMemory, run } from './plain-memory.js';

const lastWords = (memory: PlainMemory): number[] =>
  Array.from({ length: memory.pages }, (_, page) =>
    new DataView(memory.bytes.buffer).getUint32((page + 1) * memory.pageSize - 8, true),
  );

test('at worst, pages are zeroes up to their number', () => {
  const memory = new PlainMemory(5);
  const tally = run(ksmpages, memory, { seed: 10 });
  expect(lastWords(memory)).toEqual([10, 11, 12, 13, 14]);
  for (let page = 0; page < 5; page++)
    expect(
      memory
        .page(page)
        .subarray(0, 120)
        .every((byte) => byte === 0),
    ).toBe(true);
  expect(tally).toMatchObject({ stores: 5, loads: 0, wrong: 0, retries: 0 });
});

test('at best, all pages are equal', () => {
  const memory = new PlainMemory(4);
  run(ksmpages, memory, { best: true, seed: 77 });
  expect(lastWords(memory)).toEqual([1, 1, 1, 1]);
});

test('the read loop goes round once a second, until it is stopped, and finds nothing wrong', () => {
  const memory = new PlainMemory(4);
  // Asked after each of four stores, then before each round.
  const pace = new ManualPace(4 + 3);
  const tally = run(ksmpages, memory, { readLoop: true }, pace);
  expect(tally).toMatchObject({ stores: 4, loads: 12, verified: 12, wrong: 0 });
  expect(pace.slept).toEqual([1000, 1000, 1000]);
});

test('the read loop counts each page that is not what was written', () => {
  const memory = new PlainMemory(4);
  let loads = 0;
  memory.onLoad = () => {
    if (++loads === 5) memory.bytes[2 * memory.pageSize - 8] ^= 1;
  };
  const tally = run(ksmpages, memory, { readLoop: true }, new ManualPace(4 + 3));
  // Damaged in the second round before it is read, and still in the third.
  expect(tally).toMatchObject({ verified: 12, wrong: 2 });
});

test('a store that finds no frame is tried again', () => {
  const memory = new PlainMemory(3);
  memory.full = 7;
  expect(run(ksmpages, memory)).toMatchObject({ stores: 3, retries: 7 });
  expect(memory.stored).toEqual([0, 1, 2]);
});

test('it stops when asked, even while no frame is to be had', () => {
  const memory = new PlainMemory(8);
  expect(run(ksmpages, memory, {}, new ManualPace(2)).stores).toBe(3);
  memory.full = Number.POSITIVE_INFINITY;
  expect(run(ksmpages, memory, {}, new ManualPace(20))).toMatchObject({ stores: 0, retries: 21 });
});
