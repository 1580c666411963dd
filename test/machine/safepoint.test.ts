/**
 * Safepoints: who asks has the machine to itself, while threads rest, wait or have ended; and a
 * thread that does not come is told of, not waited for.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  CTL_DOORBELL,
  CTL_PARK_REQUESTS,
  CTL_THREAD_STATES,
  THREAD_NONE,
  THREAD_RESTING,
  THREAD_RUNNING,
} from '../../src/core/layout.js';
import { KsmdError } from '../../src/errors.js';
import { forgetThread, Safepoint, standStill } from '../../src/machine/safepoint.js';

const HOLDER = 7;
const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(4 * 4096));
const stateOf = (i32: Int32Array): number => i32[CTL_THREAD_STATES + HOLDER];

// Counts up two words that are equal whenever it is at a safepoint, until told to stop; then ends.
const COUNTER = `
import { parentPort, workerData } from 'node:worker_threads';
const { url, i32, holder } = workerData;
const { Safepoint } = await import(url);
const safepoint = new Safepoint(i32, holder);
parentPort.postMessage('ready');
while (Atomics.load(i32, 2) === 0) {
  safepoint.pass();
  Atomics.add(i32, 0, 1);
  Atomics.add(i32, 1, 1);
  if (i32[0] % 1000 === 0) safepoint.rest(3, 0, 0.01);
}
safepoint.end();
`;

test('a thread says what it does', () => {
  const i32 = words();
  const safepoint = new Safepoint(i32, HOLDER);
  expect(stateOf(i32)).toBe(THREAD_RUNNING);
  safepoint.pass();
  expect(stateOf(i32)).toBe(THREAD_RUNNING);
  // The word is not what it was any more: it does not sleep.
  Atomics.store(i32, CTL_DOORBELL, 1);
  safepoint.rest(CTL_DOORBELL, 0, Number.POSITIVE_INFINITY);
  expect(stateOf(i32)).toBe(THREAD_RUNNING);
  safepoint.end();
  expect(stateOf(i32)).toBe(THREAD_NONE);
});

test.each([
  ['that rests', THREAD_RESTING],
  ['that is not there', THREAD_NONE],
])('a thread %s need not be waited for', async (_what, state) => {
  const i32 = words();
  i32[CTL_THREAD_STATES + HOLDER] = state;
  const letGo = await standStill(i32);
  expect(i32[CTL_PARK_REQUESTS]).toBe(1);
  letGo();
  expect(i32[CTL_PARK_REQUESTS]).toBe(0);
});

test('a thread that dies while it is waited for is waited for no more once it is forgotten', async () => {
  const i32 = words();
  i32[CTL_THREAD_STATES + HOLDER] = THREAD_RUNNING;
  const still = standStill(i32);
  forgetThread(i32, HOLDER);
  (await still)();
  expect(i32[CTL_PARK_REQUESTS]).toBe(0);
});

test('threads that run stand still for each request, and go on after', async () => {
  const i32 = words();
  const url = new URL('../../dist/machine/safepoint.js', import.meta.url).href;
  const workers = [HOLDER, HOLDER + 1].map(
    (holder) =>
      new Worker(new URL(`data:text/javascript,${encodeURIComponent(COUNTER)}`), {
        workerData: { url, i32, holder },
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  let moved = 0;
  let last = 0;
  for (let request = 0; moved < 50 && request < 1_000_000; request++) {
    const letGo = await standStill(i32);
    const [first, second] = [Atomics.load(i32, 0), Atomics.load(i32, 1)];
    for (let wait = 0; wait < 2000; wait++) Atomics.load(i32, 0);
    const later = Atomics.load(i32, 0);
    letGo();
    expect(second).toBe(first);
    expect(later).toBe(first);
    if (first !== last) moved++;
    last = first;
  }
  expect(moved).toBe(50);
  const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
  Atomics.store(i32, 2, 1);
  await ended;
  expect([stateOf(i32), i32[CTL_THREAD_STATES + HOLDER + 1]]).toEqual([THREAD_NONE, THREAD_NONE]);
});

test('a thread that never comes: EBUSY names it, and others go on', async () => {
  const i32 = words();
  i32[CTL_THREAD_STATES + HOLDER] = THREAD_RUNNING;
  const { waitAsync } = Atomics;
  // Patience runs out at once.
  Atomics.waitAsync = () => ({ async: true, value: Promise.resolve('timed-out' as const) });
  try {
    await expect(standStill(i32)).rejects.toThrow(
      new KsmdError('EBUSY', `thread ${HOLDER} does not stand still: it may be stuck`),
    );
  } finally {
    Atomics.waitAsync = waitAsync;
  }
  expect(i32[CTL_PARK_REQUESTS]).toBe(0);
});
