/** What a kernel's scanner would have taken for what this one did. */
import { expect, test } from 'vitest';
import { DEFAULT_PRICES } from '../../src/prices/default-prices.js';
import { KernelMeter, SMALL_PAGES } from '../../src/prices/kernel-meter.js';
import { BenchHost } from '../ksm/bench-host.js';

const SCANS = 20;

function scanned({ host }: BenchHost): void {
  for (let scan = 0; scan < SCANS; scan++) host.ksm.scan(1_000_000);
}

function metered({ host }: BenchHost, oneIn = 1): () => number {
  const meter = new KernelMeter(host.machine.memory, oneIn, DEFAULT_PRICES);
  return () => meter.look(0, SMALL_PAGES);
}

test('merged pages cost it their visits, and what was looked at is not told again', () => {
  const bench = new BenchHost();
  bench.guest('a', new Array<number>(100).fill(1));
  scanned(bench);
  const look = metered(bench);
  expect(look()).toBe(0);
  scanned(bench);
  expect(look()).toBeCloseTo(SCANS * 100 * DEFAULT_PRICES.repeatedVisit);
  expect(look()).toBe(0);
});

test('pages without their like cost it their search, by the tree as it is then', () => {
  const bench = new BenchHost();
  bench.host.files.set('smart_scan', 0);
  bench.guest(
    'a',
    Array.from({ length: 100 }, (_, at) => at + 1),
  );
  const look = metered(bench);
  scanned(bench);
  const ns = look();
  const visits = SCANS * 100 * DEFAULT_PRICES.visit;
  // No tree of so many is deeper than twice their logarithm.
  const levels = SCANS * 100 * 2 * Math.log2(100);
  const most = visits + levels * (DEFAULT_PRICES.unstableLevels[0]?.ns ?? 0);
  expect(ns).toBeLessThan(most);
  expect(ns).toBeGreaterThan(most / 3);
});

test('a sample costs what all of it would: so many times as much, in deeper trees', () => {
  const prices = [1, 64].map((oneIn) => {
    const bench = new BenchHost();
    bench.host.files.set('smart_scan', 0);
    bench.guest(
      'a',
      Array.from({ length: 100 }, (_, at) => at + 1),
    );
    const look = metered(bench, oneIn);
    scanned(bench);
    return look();
  });
  expect((prices[1] ?? 0) / (prices[0] ?? 0)).toBeGreaterThan(64);
  expect((prices[1] ?? 0) / (prices[0] ?? 0)).toBeLessThan(2 * 64);
});

test('a batch costs what it does beside its visits, and the more the longer it works, up to a point', () => {
  const waking = { mostNs: 1e6, overNs: 1e5 };
  const besides = (scans: number, batches: number): number => {
    const bench = new BenchHost();
    bench.guest('a', new Array<number>(100).fill(1));
    scanned(bench);
    const meter = new KernelMeter(bench.host.machine.memory, 1, { ...DEFAULT_PRICES, waking });
    for (let scan = 0; scan < scans; scan++) bench.host.ksm.scan(1_000_000);
    return meter.look(batches, SMALL_PAGES) - scans * 100 * DEFAULT_PRICES.repeatedVisit;
  };
  expect(besides(0, 3)).toBeCloseTo(3 * DEFAULT_PRICES.batch);
  const few = besides(2, 1) - DEFAULT_PRICES.batch;
  expect(few).toBeGreaterThan(0);
  expect(besides(200, 1) - DEFAULT_PRICES.batch).toBeCloseTo(waking.mostNs, -4);
  // Each of several wakes up anew.
  expect(besides(4, 2) - 2 * DEFAULT_PRICES.batch).toBeCloseTo(2 * few);
});

test('a batch that is looked at in parts costs as much', () => {
  const prices = { ...DEFAULT_PRICES, waking: { mostNs: 1e6, overNs: 1e5 } };
  const cost = (looks: number): number => {
    const bench = new BenchHost();
    bench.guest('a', new Array<number>(100).fill(1));
    scanned(bench);
    const meter = new KernelMeter(bench.host.machine.memory, 1, prices);
    let ns = 0;
    for (let scan = 1; scan <= 12; scan++) {
      bench.host.ksm.scan(1_000_000);
      if (scan % (12 / looks) === 0) ns += meter.look(scan === 12 / looks ? 1 : 0, SMALL_PAGES);
    }
    return ns;
  };
  expect(cost(4)).toBeCloseTo(cost(1));
  expect(cost(12)).toBeCloseTo(cost(1));
});
