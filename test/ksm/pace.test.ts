/** The scanner's pace: batches and naps as Linux's ksmd keeps them, told by time alone. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Activity, IDLE, nextActivity, type PaceInputs } from '../../src/ksm/pace.js';
import { VirtualScanner } from '../../src/ksm/virtual-scanner.js';
import { BenchHost } from './bench-host.js';

const INPUTS: PaceInputs = {
  nowMs: 0,
  shouldRun: true,
  pagesToScan: 100,
  sleepMillisecs: 20,
  napEndsOnChange: true,
};
const SCAN: Activity = { kind: 'scan', pages: 100 };
const NAP: Activity = { kind: 'sleep', untilMs: 20, sleepMillisecs: 20 };

test('after a batch comes a nap of sleep_millisecs, and after the nap the next batch', () => {
  expect(nextActivity(IDLE, INPUTS)).toEqual(SCAN);
  expect(nextActivity(SCAN, INPUTS)).toEqual(NAP);
  expect(nextActivity(NAP, { ...INPUTS, nowMs: 19.9 })).toBe(NAP);
  expect(nextActivity(NAP, { ...INPUTS, nowMs: 20 })).toEqual(SCAN);
});

test('by a timer of ticks a nap of whole ticks begins with the next one', () => {
  const untilMs = (nowMs: number, sleepMillisecs: number): unknown =>
    nextActivity(SCAN, { ...INPUTS, nowMs, sleepMillisecs, tickMs: 4 });
  expect(untilMs(0, 20)).toMatchObject({ untilMs: 24 });
  expect(untilMs(3.9, 20)).toMatchObject({ untilMs: 24 });
  expect(untilMs(4, 20)).toMatchObject({ untilMs: 28 });
  expect(untilMs(100, 1)).toMatchObject({ untilMs: 108 });
  expect(untilMs(100, 21)).toMatchObject({ untilMs: 128 });
});

test('sleep_millisecs=0 is no nap', () => {
  expect(nextActivity(SCAN, { ...INPUTS, sleepMillisecs: 0 })).toEqual(SCAN);
});

test('a changed sleep_millisecs ends the nap, but not before Linux 5.0', () => {
  const changed = { ...INPUTS, nowMs: 1, sleepMillisecs: 40 };
  expect(nextActivity(NAP, changed)).toEqual(SCAN);
  expect(nextActivity(NAP, { ...changed, napEndsOnChange: false })).toBe(NAP);
});

test('run=0 is seen when the nap is over, and run=1 does not cut it short', () => {
  expect(nextActivity(NAP, { ...INPUTS, nowMs: 1, shouldRun: false })).toBe(NAP);
  expect(nextActivity(NAP, { ...INPUTS, nowMs: 20, shouldRun: false })).toEqual(IDLE);
  expect(nextActivity(SCAN, { ...INPUTS, shouldRun: false })).toEqual(IDLE);
});

/** The thread of the kernel, written as its loop is: it stops where that one waits. */
function* kernelThread(inputs: () => PaceInputs): Generator<Activity['kind'], never> {
  for (;;) {
    if (inputs().shouldRun) yield 'scan';
    if (inputs().shouldRun) {
      const { nowMs, sleepMillisecs } = inputs();
      const over = (): boolean =>
        inputs().nowMs >= nowMs + sleepMillisecs ||
        (inputs().napEndsOnChange && inputs().sleepMillisecs !== sleepMillisecs);
      while (!over()) yield 'sleep';
    } else {
      while (!inputs().shouldRun) yield 'idle';
    }
  }
}

test('whatever is written when, the answers are those of the kernel thread', () => {
  const moment = fc.record({
    passesMs: fc.nat(30),
    shouldRun: fc.boolean(),
    sleepMillisecs: fc.constantFrom(0, 10, 20),
  });
  fc.assert(
    fc.property(fc.boolean(), fc.array(moment, { maxLength: 60 }), (napEndsOnChange, moments) => {
      let inputs: PaceInputs = { ...INPUTS, napEndsOnChange };
      const kernel = kernelThread(() => inputs);
      let activity = IDLE;
      for (const { passesMs, shouldRun, sleepMillisecs } of moments) {
        inputs = { ...inputs, nowMs: inputs.nowMs + passesMs, shouldRun, sleepMillisecs };
        activity = nextActivity(activity, inputs);
        expect(activity.kind).toBe(kernel.next().value);
      }
    }),
  );
});

test('the virtual scanner turns its clock where the thread sleeps', () => {
  const bench = new BenchHost();
  bench.guest('a', [1, 2, 3, 4, 5, 6]);
  bench.host.files.set('pages_to_scan', 2);
  bench.host.files.set('sleep_millisecs', 20);
  const scanner = new VirtualScanner(bench.host.ksm, bench.clock);
  const batches = [0, 1, 2].map(() => ({ pages: scanner.batch(), atMs: bench.clock.now }));
  expect(batches).toEqual([
    { pages: 2, atMs: 0 },
    { pages: 2, atMs: 20 },
    { pages: 2, atMs: 40 },
  ]);
});

test('the virtual scanner scans nothing while it should not run', () => {
  const bench = new BenchHost();
  bench.guest('a', [1]);
  bench.host.files.set('run', 0);
  expect(new VirtualScanner(bench.host.ksm, bench.clock).batch()).toBe(0);
});
