/**
 * Tunables: the kernel's defaults, what it takes and what it refuses, and that a refusal changes
 * nothing.
 */

import { describe, expect, test } from 'vitest';
import { checkHost } from '../../src/inspect/check.js';
import { KERNEL_PROFILES, kernelProfile } from '../../src/ksm/kernels.js';
import { checkTunables } from '../../src/ksm/tunables.js';
import { BenchHost, times } from './bench-host.js';

const DEFAULTS = {
  run: 0,
  pages_to_scan: 100,
  sleep_millisecs: 20,
  merge_across_nodes: 1,
  max_page_sharing: 256,
  stable_node_chains_prune_millisecs: 2000,
  use_zero_pages: 0,
  smart_scan: 1,
  advisor_mode: 'none',
  advisor_max_cpu: 70,
  advisor_min_pages_to_scan: 500,
  advisor_max_pages_to_scan: 30000,
  advisor_target_scan_time: 200,
};

function refusal(bench: BenchHost, name: string, value: number | string): string {
  const before = bench.host.files.tunables();
  try {
    bench.host.files.set(name, value);
  } catch (error) {
    expect(bench.host.files.tunables(), 'a refusal changes nothing').toEqual(before);
    return (error as { code: string }).code;
  }
  return 'taken';
}

test.each(KERNEL_PROFILES)(
  'Linux $name has its tunables with the kernel’s defaults, and ksmd’s own',
  (profile) => {
    const bench = new BenchHost(profile.name);
    bench.host.files.set('run', 0);
    const wanted = Object.fromEntries(
      Object.entries(DEFAULTS).filter(([name]) =>
        profile.tunables.some((tunable) => tunable === name),
      ),
    );
    expect(bench.host.files.tunables()).toEqual({
      ...wanted,
      change_detection: 'checksum',
      pace: 'own',
    });
  },
);

test('which kernel has which', () => {
  const has = (kernel: string, name: string) =>
    kernelProfile(kernel).tunables.some((tunable) => tunable === name);
  expect(
    ['2.6.32', '6.1', '6.12', '6.18'].map((kernel) => has(kernel, 'max_page_sharing')),
  ).toEqual([false, true, true, true]);
  expect(['2.6.32', '6.1', '6.12', '6.18'].map((kernel) => has(kernel, 'smart_scan'))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(refusal(new BenchHost('6.1'), 'smart_scan', 1)).toBe('ENOENT');
  expect(refusal(new BenchHost(), 'no_such', 1)).toBe('ENOENT');
  expect(() => kernelProfile('2.6.31')).toThrow(
    /no kernel profile '2.6.31': take a version of Linux from 2.6.32 on, such as 2.6.32, 6.1, /,
  );
});

test.each([
  ['run', 3],
  ['run', -1],
  ['run', 0.5],
  ['run', 'on'],
  ['run', ''],
  ['run', Number.NaN],
  ['max_page_sharing', 1],
  ['max_page_sharing', 0],
  ['max_page_sharing', 2 ** 31],
  ['merge_across_nodes', 2],
  ['use_zero_pages', 2],
  ['smart_scan', 2],
  ['sleep_millisecs', -1],
  ['sleep_millisecs', 2 ** 32],
  ['pages_to_scan', 2 ** 32],
  ['pages_to_scan', 'many'],
  ['advisor_mode', 'scan_time'],
  ['change_detection', 'hash'],
  ['change_detection', 2],
  ['advisor_target_scan_time', 0],
] as const)('%s does not take %j', (name, value) => {
  expect(refusal(new BenchHost(), name, value)).toBe('EINVAL');
});

test.each([
  ['run', 0],
  ['run', '2'],
  ['max_page_sharing', 2],
  ['max_page_sharing', 2 ** 31 - 1],
  ['merge_across_nodes', 0],
  ['use_zero_pages', 1],
  ['sleep_millisecs', 0],
  ['sleep_millisecs', 2 ** 32 - 1],
  ['pages_to_scan', 2 ** 32 - 1],
  ['pages_to_scan', 0],
  ['advisor_mode', 'scan-time'],
  ['advisor_target_scan_time', 1],
] as const)('%s takes %j and reads as it was written', (name, value) => {
  const bench = new BenchHost();
  bench.host.files.set(name, value);
  expect(String(bench.tunable(name))).toBe(String(value));
});

describe.each(['max_page_sharing', 'merge_across_nodes'])('%s while pages are shared', (name) => {
  const other = name === 'max_page_sharing' ? 2 : 0;
  const shared = (): BenchHost => {
    const bench = new BenchHost();
    bench.guest('g', times(4, 1));
    bench.fullScans(2);
    expect(bench.counters('pages_shared')).toEqual([1]);
    return bench;
  };

  test('cannot change, but may be written as it is', () => {
    const bench = shared();
    expect(refusal(bench, name, other)).toBe('EBUSY');
    expect(refusal(bench, name, bench.tunable(name))).toBe('taken');
    expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([1, 3]);
  });

  test('can change again once everything is unmerged', () => {
    const bench = shared();
    bench.host.files.set('run', 2);
    expect(refusal(bench, name, other)).toBe('taken');
    expect(bench.tunable(name)).toBe(other);
  });
});

test('pages_to_scan is the advisor’s while it runs', () => {
  const bench = new BenchHost();
  bench.host.files.set('advisor_mode', 'scan-time');
  expect(bench.tunable('pages_to_scan'), 'it starts from its minimum').toBe(500);
  expect(refusal(bench, 'pages_to_scan', 7)).toBe('EINVAL');
  bench.host.files.set('advisor_mode', 'none');
  expect(bench.tunable('pages_to_scan'), 'and leaves the default').toBe(100);
  expect(refusal(bench, 'pages_to_scan', 7)).toBe('taken');
});

test('run=2 gives every page back, keeps regions registered and starts the count of full scans again', () => {
  const bench = new BenchHost();
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('g', [1, 1, 1, 2, 3, 0, 0]);
  bench.fullScans(3);
  expect(
    bench.counters(
      'pages_shared',
      'pages_sharing',
      'pages_unshared',
      'ksm_zero_pages',
      'full_scans',
    ),
  ).toEqual([1, 2, 2, 2, 3]);
  expect(bench.host.machine.frames.used).toBe(3);
  bench.host.files.set('run', 2);
  expect(
    bench.counters(
      'pages_shared',
      'pages_sharing',
      'pages_unshared',
      'ksm_zero_pages',
      'full_scans',
      'general_profit',
    ),
  ).toEqual(times(6, 0));
  expect(bench.host.machine.frames.used).toBe(7);
  expect(bench.contents('g')).toEqual([1, 1, 1, 2, 3, 0, 0]);
  expect(checkHost(bench.host)).toEqual([]);
  bench.host.files.set('run', 1);
  bench.fullScans(2);
  expect(bench.counters('pages_sharing', 'ksm_zero_pages')).toEqual([2, 2]);
});

test('6.1 cannot tell its zero pages from others: run=2 leaves them mapped', () => {
  const bench = new BenchHost('6.1');
  bench.host.files.set('use_zero_pages', 1);
  bench.guest('g', [0, 0, 1]);
  bench.fullScans(3);
  expect(bench.host.machine.frames.used).toBe(1);
  bench.host.files.set('run', 2);
  expect(bench.host.machine.frames.used).toBe(1);
  expect(bench.contents('g')).toEqual([0, 0, 1]);
});

test('an unmerge that runs out of frames says so, stops, and leaves every byte as it was', () => {
  const bench = new BenchHost('6.18', 12);
  bench.guest('a', times(8, 1));
  bench.fullScans(2);
  bench.guest('b', [2, 3, 4, 5, 6, 7, 8, 9]);
  bench.fullScans(1);
  // In the middle of a full scan, with pages of both guests in the unstable tree.
  bench.put('a', 0, 11);
  bench.host.ksm.scan(9);
  const unshared = bench.counters('pages_unshared')[0] ?? 0;
  expect(unshared).toBeGreaterThan(0);
  expect(() => bench.host.files.set('run', 2)).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  expect(bench.tunable('run')).toBe(0);
  expect(bench.contents('a')).toEqual([11, ...times(7, 1)]);
  expect(bench.contents('b')).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect(checkHost(bench.host)).toEqual([]);
  bench.host.files.set('run', 1);
  bench.host.ksm.scan(3);
  expect(checkHost(bench.host), 'the next full scan begins in order').toEqual([]);
  bench.fullScans(3);
  expect(checkHost(bench.host)).toEqual([]);
  // With room made, it goes through.
  bench.host.exitGuest('b');
  bench.fullScans(2);
  bench.host.files.set('run', 2);
  expect(bench.counters('pages_shared', 'pages_sharing')).toEqual([0, 0]);
  expect(bench.contents('a')).toEqual([11, ...times(7, 1)]);
});

describe('values to be written together', () => {
  const shared = (): BenchHost => {
    const bench = new BenchHost();
    bench.guest('a', times(4, 1));
    bench.fullScans(3);
    return bench;
  };

  test('are refused together, for what one of them alone would be refused for', () => {
    const { memory } = shared().host.machine;
    expect(() =>
      checkTunables(memory.i32, [
        ['sleep_millisecs', 5],
        ['smart_scan', 7],
      ]),
    ).toThrow(/smart_scan takes/);
    expect(() =>
      checkTunables(memory.i32, [
        ['smart_scan', 0],
        ['max_page_sharing', 5],
      ]),
    ).toThrow(/while pages are shared/);
    expect(() =>
      checkTunables(memory.i32, [
        ['advisor_mode', 'scan-time'],
        ['pages_to_scan', 5],
      ]),
    ).toThrow(/chosen by the advisor/);
  });

  test('are taken where an earlier one makes a later one possible', () => {
    const { memory } = shared().host.machine;
    expect(() =>
      checkTunables(memory.i32, [
        ['run', 2],
        ['max_page_sharing', 5],
      ]),
    ).not.toThrow();
    expect(() =>
      checkTunables(memory.i32, [
        ['advisor_mode', 'none'],
        ['pages_to_scan', 5],
      ]),
    ).not.toThrow();
  });
});
