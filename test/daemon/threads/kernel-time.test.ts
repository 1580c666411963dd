/** What a kernel would have taken on the scanner's thread, and waiting for it at its pace. */
import { expect, test } from 'vitest';
import { CTL_KERNEL_CPU_MS } from '../../../src/core/layout.js';
import { KernelTime } from '../../../src/daemon/threads/kernel-time.js';
import { DEFAULT_PRICES } from '../../../src/prices/default-prices.js';
import { BenchHost } from '../../ksm/bench-host.js';

const PAGES = 250;
const VISITS_MS = (PAGES * DEFAULT_PRICES.repeatedVisit) / 1e6;
const BATCH_MS = DEFAULT_PRICES.batch / 1e6;

/** A host whose pages are all merged, so that a scan costs its visits. */
function merged(pace: 'own' | 'kernel'): { bench: BenchHost; time: KernelTime } {
  const bench = new BenchHost();
  bench.host.files.set('pace', pace);
  bench.guest('a', new Array<number>(PAGES).fill(1));
  for (let scan = 0; scan < 3; scan++) bench.host.ksm.scan(2 * PAGES);
  return { bench, time: new KernelTime(bench.host.machine.memory, 1, DEFAULT_PRICES) };
}

test('a batch is over, at the kernel’s pace, when a kernel would have done it', () => {
  const { bench, time } = merged('kernel');
  time.beginBatch(1000);
  bench.host.ksm.scan(2 * PAGES);
  expect(time.holdUntilMs(1000.01, true)).toBeCloseTo(1000 + VISITS_MS + BATCH_MS);
});

test('what a kernel would take is counted at the prices that the daemon was given', () => {
  const { bench } = merged('kernel');
  const prices = { ...DEFAULT_PRICES, repeatedVisit: 1000, batch: 5e6 };
  const time = new KernelTime(bench.host.machine.memory, 1, prices);
  time.beginBatch(0);
  bench.host.ksm.scan(2 * PAGES);
  expect(time.cpuMs).toBeCloseTo(PAGES / 1000 + 5);
  expect(time.holdUntilMs(0, true)).toBeCloseTo(PAGES / 1000 + 5);
});

test('one that takes longer here than a kernel would is not waited for', () => {
  const { bench, time } = merged('kernel');
  time.beginBatch(1000);
  bench.host.ksm.scan(2 * PAGES);
  expect(time.holdUntilMs(1100, true)).toBe(0);
});

test('within a batch it is waited once enough is owed', () => {
  const { bench, time } = merged('kernel');
  time.beginBatch(0);
  bench.host.ksm.scan(2 * PAGES);
  expect(time.holdUntilMs(0, false)).toBe(0);
  for (let scan = 0; scan < 200; scan++) bench.host.ksm.scan(2 * PAGES);
  expect(time.holdUntilMs(0, false)).toBeCloseTo(201 * VISITS_MS + BATCH_MS);
});

test('at its own pace the scanner waits for nothing, and what a kernel would take is counted', () => {
  const { bench, time } = merged('own');
  time.beginBatch(0);
  for (let scan = 0; scan < 10; scan++) bench.host.ksm.scan(2 * PAGES);
  expect(time.holdUntilMs(0, true)).toBe(0);
  expect(time.cpuMs).toBeCloseTo(10 * VISITS_MS + BATCH_MS);
});

test('a batch begun at the other pace is not waited for', () => {
  const { bench, time } = merged('own');
  time.beginBatch(0);
  bench.host.ksm.scan(2 * PAGES);
  bench.host.files.set('pace', 'kernel');
  expect(time.holdUntilMs(0, true)).toBe(0);
  time.beginBatch(10);
  bench.host.ksm.scan(2 * PAGES);
  expect(time.holdUntilMs(10, true)).toBeCloseTo(10 + VISITS_MS + BATCH_MS);
});

test('what is published within a batch is waited for all the same', () => {
  const { bench, time } = merged('kernel');
  time.beginBatch(0);
  for (let scan = 0; scan < 40; scan++) bench.host.ksm.scan(2 * PAGES);
  time.publish();
  expect(time.cpuMs).toBeCloseTo(40 * VISITS_MS + BATCH_MS);
  expect(time.holdUntilMs(0, true)).toBeCloseTo(40 * VISITS_MS + BATCH_MS);
});

test('a thread goes on from what the one before has published', () => {
  const { bench, time } = merged('own');
  for (let scan = 0; scan < 100; scan++) bench.host.ksm.scan(2 * PAGES);
  time.publish();
  const { memory } = bench.host.machine;
  expect(memory.i32[CTL_KERNEL_CPU_MS]).toBe(Math.floor(100 * VISITS_MS));
  expect(new KernelTime(memory, 1, DEFAULT_PRICES).cpuMs).toBe(Math.floor(100 * VISITS_MS));
});
