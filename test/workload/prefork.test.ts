/**
 * load writes every page once, each its own; serve rewrites a part, and notices whatever it should
 * not see.
 */
import { describe, expect, test } from 'vitest';
import { load, serve } from '../../src/workload/prefork.js';
import { ManualPace, OPTIONS, PlainMemory, run } from './plain-memory.js';

const PAGES = 64;
const SPREAD = OPTIONS.spreadPages;

const contents = (memory: PlainMemory): string[] =>
  Array.from({ length: memory.pages }, (_, page) => Buffer.from(memory.page(page)).toString('hex'));

function loaded(seed = 1): PlainMemory {
  const memory = new PlainMemory(PAGES);
  run(load, memory, { seed });
  memory.stored.length = 0;
  return memory;
}

/** As a fork leaves it to the child. */
function forked(parent: PlainMemory): PlainMemory {
  const memory = new PlainMemory(parent.pages, parent.pageSize);
  memory.bytes.set(parent.bytes);
  return memory;
}

describe('load', () => {
  test('writes every page once, and no two are equal, of other seeds neither', () => {
    const memory = new PlainMemory(PAGES);
    const pace = new ManualPace();
    expect(run(load, memory, {}, pace)).toMatchObject({ stores: PAGES, loads: 0, wrong: 0 });
    expect(memory.stored).toEqual(Array.from({ length: PAGES }, (_, page) => page));
    expect(new Set([...contents(memory), ...contents(loaded(2))]).size).toBe(2 * PAGES);
    expect(contents(memory)).toEqual(contents(loaded(1)));
    expect(pace.slept).toEqual([]);
  });

  test('tries again when a store finds no frame, and stops when asked', () => {
    const memory = new PlainMemory(PAGES);
    memory.full = 7;
    expect(run(load, memory)).toMatchObject({ stores: PAGES, retries: 7 });
    memory.full = Number.POSITIVE_INFINITY;
    expect(run(load, memory, {}, new ManualPace(5))).toMatchObject({ stores: 0, retries: 6 });
    expect(run(load, new PlainMemory(PAGES), {}, new ManualPace(5)).stores).toBe(6);
  });
});

describe('serve', () => {
  test('rewrites its spread and reads back all, and finds nothing wrong', () => {
    const memory = loaded();
    const before = contents(memory);
    const tally = run(serve, memory, {}, new ManualPace(500));
    expect(tally).toMatchObject({ stores: 500, verified: 1500, loads: 1500, wrong: 0 });
    expect(new Set(memory.stored)).toEqual(new Set(Array.from({ length: SPREAD }, (_, i) => i)));
    expect(contents(memory).slice(SPREAD)).toEqual(before.slice(SPREAD));
  });

  test('writes what a sibling writes, and what it alone does; half and half', () => {
    const parent = loaded();
    const children = [2, 3].map((seed) => {
      const memory = forked(parent);
      run(serve, memory, { seed, spreadPages: PAGES }, new ManualPace(5000));
      return contents(memory);
    });
    const equal = contents(parent).filter((_, i) => children[0]?.[i] === children[1]?.[i]).length;
    // A quarter of the pages, in the long run.
    expect(equal).toBeGreaterThan(PAGES / 8);
    expect(equal).toBeLessThan(PAGES / 2);
  });

  test('goes on where another ended, and in what nobody loaded', () => {
    const memory = loaded();
    run(serve, memory, { seed: 4 }, new ManualPace(300));
    expect(run(serve, memory, { seed: 5 }, new ManualPace(300)).wrong).toBe(0);
    const foreign = new PlainMemory(PAGES);
    foreign.bytes.fill(3);
    const tally = run(serve, foreign, {}, new ManualPace(300));
    expect(tally.wrong).toBe(0);
    // Only what it has written itself.
    expect(tally.verified).toBeLessThan(900);
  });

  test.each([
    ['a page of its parent that changes', (memory: PlainMemory) => run(load, memory, { seed: 9 })],
    [
      "a sibling's store",
      (memory: PlainMemory) => run(serve, memory, { seed: 9 }, new ManualPace(99)),
    ],
    ['a byte that changes by itself', (memory: PlainMemory) => (memory.bytes[40 * 128 + 99] ^= 1)],
    ['a page that turns to zeroes', (memory: PlainMemory) => memory.page(50).fill(0)],
    ['another page in its place', (memory: PlainMemory) => memory.page(51).set(memory.page(52))],
  ])('notices %s', (_what, damage) => {
    const memory = loaded();
    let loads = 0;
    memory.onLoad = () => {
      // Once, past what it takes over as it starts.
      if (++loads === PAGES + 20) damage(memory);
    };
    expect(run(serve, memory, { seed: 2 }, new ManualPace(400)).wrong).toBeGreaterThan(0);
  });

  test('keeps to its rate: a hundred a second unless told otherwise', () => {
    const usual = new ManualPace(101);
    run(serve, loaded(), {}, usual);
    expect(usual.now).toBeCloseTo(1000);
    const slow = new ManualPace(101);
    run(serve, loaded(), { rate: 10 }, slow);
    expect(slow.now).toBeCloseTo(10_000);
  });

  test('tries again when a store finds no frame; it stops when asked, whatever it waits for', () => {
    const memory = loaded();
    memory.full = 9;
    expect(run(serve, memory, {}, new ManualPace(109))).toMatchObject({ stores: 100, retries: 9 });
    memory.full = Number.POSITIVE_INFINITY;
    expect(run(serve, memory, {}, new ManualPace(6))).toMatchObject({ stores: 0, wrong: 0 });
  });
});
