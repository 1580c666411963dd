/**
 * The scan-time advisor, by examples worked by hand. Everything is in whole numbers, rounded down.
 */
import { describe, expect, test } from 'vitest';
import { type AdvisorInput, advise } from '../../src/ksm/advisor.js';
import { BenchHost } from './bench-host.js';

const DEFAULTS = { targetScanTime: 200, maxCpuPercent: 70, maxPagesToScan: 30000 };

function input(scan: Partial<AdvisorInput>): AdvisorInput {
  return {
    pagesToScan: 1000,
    scanTime: 200,
    lastScanTime: 200,
    previousChange: 100,
    cpuMs: 20_000,
    ...DEFAULTS,
    ...scan,
  };
}

describe('what the advisor advises', () => {
  test('a scan that takes as long as it should leaves pages_to_scan as it is', () => {
    // cpu 20000·100/(200·1000) = 10 %; factor 200·100/200 = 100; change (70·100 +
    // 30·(200·100/200))/100 = 100. 1000·100/100·100/100 = 1000 pages; a percent of processor time
    // is 1000/10 = 100 pages: between 100·10 and 100·70.
    expect(advise(input({}))).toEqual({ pagesToScan: 1000, change: 100, scanTime: 200 });
  });

  test('the first scan: nothing came before, so the change is a third of the way, and a tenth of a processor the least', () => {
    // cpu 10000·100/(100·1000) = 10 %; factor 200·100/100 = 200; last scan time taken as 100:
    // change (70·0 + 30·(100·100/100))/100 = 30. 500·100/200 = 250, ·30/100 = 75 pages; 500/10 = 50
    // pages a percent: min(75, 50·70) = 75, max(75, 50·10) = 500.
    const first = input({
      pagesToScan: 500,
      scanTime: 100,
      lastScanTime: 0,
      previousChange: 0,
      cpuMs: 10_000,
    });
    expect(advise(first)).toEqual({ pagesToScan: 500, change: 30, scanTime: 100 });
  });

  test('a scan that took twice as long as it should, as the last did: twice the pages', () => {
    // cpu 40000·100/(400·1000) = 10 %; factor 200·100/400 = 50; change (70·100 +
    // 30·(400·100/400))/100 = 100. 1000·100/50 = 2000, ·100/100 = 2000; 100 pages a percent: 100·10
    // ≤ 2000 ≤ 100·70.
    expect(advise(input({ scanTime: 400, lastScanTime: 400, cpuMs: 40_000 }))).toMatchObject({
      pagesToScan: 2000,
      change: 100,
    });
  });

  test('advisor_max_cpu caps it', () => {
    // cpu 200000·100/(400·1000) = 50 %; factor 50; change 100: 10000·100/50 = 20000 pages wanted.
    // A percent is 10000/50 = 200 pages, so 70 % are 200·70 = 14000.
    expect(
      advise(input({ pagesToScan: 10_000, scanTime: 400, lastScanTime: 400, cpuMs: 200_000 }))
        .pagesToScan,
    ).toBe(14_000);
    // With 20 % allowed, 200·20.
    const allowed = input({
      pagesToScan: 10_000,
      scanTime: 400,
      lastScanTime: 400,
      cpuMs: 200_000,
      maxCpuPercent: 20,
    });
    expect(advise(allowed).pagesToScan).toBe(4000);
  });

  test('ten percent of a processor is the least, however quick the scan', () => {
    // cpu 10000·100/(50·1000) = 20 %; factor 200·100/50 = 400; change 100: 2000·100/400 = 500 pages
    // wanted. A percent is 2000/20 = 100 pages, so 10 % are 1000.
    expect(
      advise(input({ pagesToScan: 2000, scanTime: 50, lastScanTime: 50, cpuMs: 10_000 }))
        .pagesToScan,
    ).toBe(1000);
  });

  test('advisor_max_pages_to_scan caps all of it', () => {
    // cpu 4000·100/(400·1000) = 1 %; factor 50; change 100: 20000·100/50 = 40000 pages wanted, at
    // least 20000·10; at most 30000.
    const scan = { pagesToScan: 20_000, scanTime: 400, lastScanTime: 400, cpuMs: 4000 };
    expect(advise(input(scan)).pagesToScan).toBe(30_000);
    expect(advise(input({ ...scan, maxPagesToScan: 123 })).pagesToScan).toBe(123);
  });

  test('quotients that would be 0 count as 1', () => {
    // A scan of no time takes 1 s; cpu 0·100/(1·1000) → 1 %; factor 200·100/1 = 20000; change (70·0
    // + 30·(1·100/1))/100 = 30. 100·100/20000 = 0 pages wanted; 100/1 = 100 pages a percent: max(0,
    // 100·10) = 1000.
    const idle = input({
      pagesToScan: 100,
      scanTime: 0,
      lastScanTime: 0,
      previousChange: 0,
      cpuMs: 0,
    });
    expect(advise(idle)).toEqual({ pagesToScan: 1000, change: 30, scanTime: 1 });
    // factor 1·100/200 → 1; change (70·50 + 30·(200·100/100))/100 = 95: 500·100/1 = 50000, ·95/100
    // = 47500 pages wanted. cpu 100000·100/(200·1000) = 50 %, 500/50 = 10 pages a percent:
    // min(47500, 10·70) = 700.
    const hurried = input({
      pagesToScan: 500,
      lastScanTime: 100,
      previousChange: 50,
      cpuMs: 100_000,
      targetScanTime: 1,
    });
    expect(advise(hurried)).toMatchObject({ pagesToScan: 700, change: 95 });
    // 5/10 → 1 page a percent: max(min(5, 70), 10) = 10.
    expect(advise(input({ pagesToScan: 5 })).pagesToScan).toBe(10);
  });

  test('every division rounds down', () => {
    // 123 s; cpu 24681·100/123000 = 20.06 → 20 %; factor 20000/123 = 162.6 → 162; trend 12300/97 =
    // 126.8 → 126. change (70·61 + 30·126)/100 = 80.5 → 80; 77700/162 = 479.6 → 479, ·80/100 =
    // 383.2 → 383. 777/20 → 38 pages a percent: 380 ≤ 383 ≤ 2660.
    const odd = input({
      pagesToScan: 777,
      scanTime: 123.9,
      lastScanTime: 97,
      previousChange: 61,
      cpuMs: 24_681,
    });
    expect(advise(odd)).toEqual({ pagesToScan: 383, change: 80, scanTime: 123 });
  });
});

describe('the advisor on a clock', () => {
  /** A full scan that takes so long; its start and its end are told apart by the clock. */
  function fullScan(bench: BenchHost, seconds: number, cpuMs: number): number | string {
    bench.host.ksm.scan(1);
    bench.clock.now += seconds * 1000;
    bench.clock.cpu += cpuMs;
    bench.fullScans();
    return bench.tunable('pages_to_scan');
  }

  test('it is consulted at the end of each full scan, and remembers the one before', () => {
    const bench = new BenchHost();
    bench.host.files.set('smart_scan', 0);
    bench.guest('g', [1, 2, 3]);
    bench.host.files.set('advisor_mode', 'scan-time');
    // As the first scan above: 500.
    expect(fullScan(bench, 100, 10_000)).toBe(500);
    // factor 200·100/400 = 50; change (70·30 + 30·(400·100/100))/100 = 141; 500·100/50 = 1000,
    // ·141/100 = 1410; cpu 40000·100/400000 = 10 %, 50 pages a percent: 500 ≤ 1410 ≤ 3500.
    expect(fullScan(bench, 400, 40_000)).toBe(1410);
    // factor 100; change (70·141 + 30·(200·100/400))/100 = (9870 + 1500)/100 = 113; 1410·113/100 =
    // 1593; cpu 20000·100/200000 = 10 %, 141 pages a percent.
    expect(fullScan(bench, 200, 20_000)).toBe(1593);
  });

  test('time between two full scans counts for neither', () => {
    const bench = new BenchHost();
    bench.host.files.set('smart_scan', 0);
    bench.guest('g', [1, 2, 3]);
    bench.host.files.set('advisor_mode', 'scan-time');
    fullScan(bench, 100, 10_000);
    bench.clock.now += 1_000_000;
    expect(fullScan(bench, 400, 40_000)).toBe(1410);
  });

  test('its bounds are tunables, the least is only where it starts, and switching it on again forgets', () => {
    const bench = new BenchHost();
    bench.host.files.set('smart_scan', 0);
    bench.guest('g', [1, 2, 3]);
    bench.host.files.set('advisor_min_pages_to_scan', 2000);
    bench.host.files.set('advisor_mode', 'scan-time');
    expect(bench.tunable('pages_to_scan')).toBe(2000);
    // factor 400, change 30: 2000·100/400 = 500, ·30/100 = 150; cpu 20 %: 100 pages a percent, so
    // 1000: under the 2000 it started from.
    expect(fullScan(bench, 50, 10_000)).toBe(1000);
    bench.host.files.set('advisor_max_pages_to_scan', 300);
    expect(fullScan(bench, 50, 10_000)).toBe(300);
    bench.host.files.set('advisor_mode', 'none');
    bench.host.files.set('advisor_max_pages_to_scan', 30_000);
    bench.host.files.set('advisor_mode', 'scan-time');
    bench.clock.cpu = 0;
    expect(fullScan(bench, 50, 10_000)).toBe(1000);
  });

  test('switched off it leaves pages_to_scan alone', () => {
    const bench = new BenchHost();
    bench.guest('g', [1, 2, 3]);
    expect(fullScan(bench, 400, 40_000)).toBe(100);
  });
});

test('processor time of another clock is not charged to the scan that it changes in', () => {
  const bench = new BenchHost();
  const { host, clock } = bench;
  host.files.set('advisor_mode', 'scan-time');
  host.files.set('smart_scan', 0);
  bench.guest('a', [1, 2, 3]);
  const scan = (seconds: number, cpuMs: number): number | string => {
    host.ksm.scan(2);
    clock.now += seconds * 1000;
    clock.cpu += cpuMs;
    host.ksm.scan(100);
    return bench.tunable('pages_to_scan');
  };
  scan(10, 100);
  const before = scan(10, 100);
  // The kernel's clock has gone on for long; the scan after the change takes what others took.
  clock.cpu = 5_000_000;
  host.files.set('pace', 'kernel');
  expect(scan(10, 100)).toBe(before);
  clock.cpu = 100;
  host.files.set('pace', 'own');
  expect(scan(10, 100)).toBe(before);
});
