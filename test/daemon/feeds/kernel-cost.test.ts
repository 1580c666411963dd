/** What a kernel's scanner would have taken for what this one did. */
import { expect, test } from 'vitest';
import { KernelCost } from '../../../src/daemon/feeds/kernel-cost.js';
import { DEFAULT_PRICES } from '../../../src/prices/default-prices.js';
import { BenchHost } from '../../ksm/bench-host.js';
import { ManualTimers } from '../manual-timers.js';

/** Millions of pages would be wanted to show in milliseconds; scans will do. */
const SCANS = 2000;

function scanned(bench: BenchHost): void {
  for (let scan = 0; scan < SCANS; scan++) bench.host.ksm.scan(1_000_000);
}

test('merged pages cost it their visits, all the time', () => {
  const bench = new BenchHost();
  bench.guest('a', new Array<number>(100).fill(1));
  scanned(bench);
  const cost = new KernelCost(bench.host, new ManualTimers());
  expect(cost.cpuMs).toBe(0);
  scanned(bench);
  expect(cost.cpuMs).toBe(Math.round((SCANS * 100 * DEFAULT_PRICES.mergedVisit) / 1e6));
  expect(cost.cpuMs).toBe(cost.cpuMs);
});

test('pages without their like cost it their search, by the tree as it was then', () => {
  const bench = new BenchHost();
  bench.host.set('smart_scan', 0);
  bench.guest(
    'a',
    Array.from({ length: 100 }, (_, at) => at + 1),
  );
  const timers = new ManualTimers();
  const cost = new KernelCost(bench.host, timers);
  scanned(bench);
  timers.tick();
  bench.host.exitGuest('a');
  const visits = SCANS * 100 * DEFAULT_PRICES.visit;
  // No tree of so many is deeper than twice their logarithm.
  const levels = SCANS * 100 * 2 * Math.log2(100);
  const most = (visits + levels * (DEFAULT_PRICES.unstableLevels[0]?.ns ?? 0)) / 1e6;
  expect(cost.cpuMs).toBeLessThan(most);
  expect(cost.cpuMs).toBeGreaterThan(most / 3);
});
