/**
 * The machine in one hand at a time: changes and looks one after another, others let in between
 * slices, and what a dead thread left made good before anybody else has the machine.
 */
import { beforeEach, expect, test } from 'vitest';
import { CTL_PARK_REQUESTS, CTL_THREAD_STATES, THREAD_RUNNING } from '../../../src/core/layout.js';
import { Standstill } from '../../../src/daemon/threads/standstill.js';
import type { LongWork } from '../../../src/machine/long-work.js';
import { forgetThread } from '../../../src/machine/safepoint.js';

const HOLDER = 7;
let i32: Int32Array;
let standstill: Standstill;
let seen: string[];

beforeEach(() => {
  i32 = new Int32Array(new SharedArrayBuffer(4 * 4096));
  standstill = new Standstill(i32);
  seen = [];
});

/** Notes what it does, and goes on for as long as `goesOn`. */
function* noting(name: string, goesOn: () => boolean): LongWork<string> {
  seen.push(`${name} begins`);
  while (goesOn()) yield;
  seen.push(`${name} ends`);
  return name;
}

const once = (name: string): LongWork<string> => noting(name, () => false);

test('changes are made one after another, all other threads asked to stand still', async () => {
  const requests = await Promise.all(
    ['a', 'b'].map((name) =>
      standstill.change(() => {
        standstill.assertHeld();
        seen.push(name);
        return i32[CTL_PARK_REQUESTS];
      }),
    ),
  );
  expect(seen).toEqual(['a', 'b']);
  expect(requests).toEqual([1, 1]);
  expect(i32[CTL_PARK_REQUESTS]).toBe(0);
  expect(standstill.assertHeld).toThrow(/only while all other threads stand still/);
});

test('a change that fails is told to whoever asked, and the next is made', async () => {
  const failed = standstill.change(() => {
    throw new RangeError('no');
  });
  const next = standstill.change(() => 'done');
  await expect(failed).rejects.toThrow(RangeError);
  expect(await next).toBe('done');
});

test('the event loop has its turn in the middle of work that takes long', async () => {
  let isAsked = false;
  const change = standstill.changeInSlices(() => noting('long', () => !isAsked));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(['long begins']);
  expect(standstill.isReady, 'others wait').toBe(false);
  expect(standstill.isSound, 'but may read counters').toBe(true);
  const ready = standstill.ready().then(() => seen.push('another goes on'));
  isAsked = true;
  expect(await change).toBe('long');
  await ready;
  expect(seen).toEqual(['long begins', 'long ends', 'another goes on']);
});

test('a look ends when nobody waits for it any more', async () => {
  const gone = new AbortController();
  const looks = [
    standstill.look(() => noting('asked for by one who goes', () => true), gone.signal),
    standstill.look(() => noting('waits for its turn', () => true)),
  ];
  const after = standstill.change(() => seen.push('after'));
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort();
  await expect(looks[0]).rejects.toMatchObject({ code: 'EINTR' });
  standstill.interruptLooks();
  await expect(looks[1]).rejects.toMatchObject({ code: 'EINTR' });
  await after;
  expect(await standstill.look(() => once('the next'))).toBe('the next');
});

test('what a thread that died left is made good before the next change', async () => {
  // It runs: whoever wants the machine waits for it, until its end is heard of.
  i32[CTL_THREAD_STATES + HOLDER] = THREAD_RUNNING;
  const change = standstill.change(() => seen.push('change'));
  forgetThread(i32, HOLDER);
  const repaired = standstill.repair(() => once('repair'));
  expect(standstill.isSound).toBe(false);
  await Promise.all([change, repaired, standstill.sound()]);
  expect(seen).toEqual(['repair begins', 'repair ends', 'change']);
  expect(standstill.isReady).toBe(true);
});

test('a repair that fails is told, and stands in nobody’s way', async () => {
  const repaired = standstill.repair(function* () {
    yield;
    throw new RangeError('no');
  });
  await expect(repaired).rejects.toThrow(RangeError);
  expect(standstill.isReady).toBe(true);
});

test('work between others goes on only while nobody has the machine', async () => {
  let isAsked = false;
  let steps = 0;
  function* counting(): LongWork {
    while (steps < 3) {
      steps++;
      expect(standstill.isReady).toBe(true);
      // Longer than a slice, whatever is left of it.
      for (const end = performance.now() + 2; performance.now() < end; );
      yield;
    }
  }
  const long = standstill.changeInSlices(() => noting('long', () => !isAsked));
  await new Promise((resolve) => setImmediate(resolve));
  const between = standstill.betweenOthers(counting());
  await new Promise((resolve) => setImmediate(resolve));
  expect(steps).toBe(0);
  isAsked = true;
  await long;
  const others = standstill.change(() => steps);
  await between;
  expect(steps).toBe(3);
  expect(await others).toBeLessThan(3);
});
