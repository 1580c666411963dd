/** Who sets KSM's tunables as time goes on, and by what. */
import { describe, expect, test } from 'vitest';
import type { HostMemory } from '../../src/predict/host-memory.js';
import { KSMTUNED_DEFAULTS, policyOf } from '../../src/predict/policy.js';

const GIB = 2 ** 30;

function memory(totalGib: number, freeGib: number, committedGib: number): HostMemory {
  return {
    totalBytes: totalGib * GIB,
    freeBytes: freeGib * GIB,
    committedBytes: committedGib * GIB,
  };
}

describe('ksmtuned', () => {
  test('leaves KSM off until its first look, a minute after it begins', () => {
    const { first, everyMs } = policyOf({ name: 'ksmtuned' });
    expect(first).toEqual([['run', 0]]);
    expect(everyMs).toBe(60_000);
  });

  test('stops KSM where enough is free, and would be if all came to be used', () => {
    expect(policyOf({ name: 'ksmtuned' }).look(memory(64, 40, 20))).toEqual([['run', 0]]);
  });

  test('scans faster from look to look while too little is free, up to its most', () => {
    const policy = policyOf({ name: 'ksmtuned' });
    const chosen = Array.from({ length: 6 }, () => policy.look(memory(16, 2, 8)));
    expect(chosen.map(([pages]) => pages?.[1])).toEqual([300, 600, 900, 1200, 1250, 1250]);
    expect(chosen[0]).toEqual([
      ['pages_to_scan', 300],
      ['sleep_millisecs', 10],
      ['run', 1],
    ]);
  });

  test('slows down, and goes on, while machines could come to take too much', () => {
    const policy = policyOf({ name: 'ksmtuned' });
    policy.look(memory(16, 2, 14));
    const slower = Array.from({ length: 6 }, () => policy.look(memory(16, 8, 14))[0]?.[1]);
    expect(slower).toEqual([250, 200, 150, 100, 64, 64]);
  });

  test('lets small hosts sleep for longer, and large ones never less than 10 ms', () => {
    const sleepOf = (gib: number): unknown =>
      policyOf({ name: 'ksmtuned' }).look(memory(gib, 0, gib))[1]?.[1];
    expect([4, 16, 256].map(sleepOf)).toEqual([40, 10, 10]);
  });

  test('goes by its settings', () => {
    const settings = { ...KSMTUNED_DEFAULTS, KSM_THRES_COEF: 50, KSM_NPAGES_BOOST: 7 };
    const policy = policyOf({ name: 'ksmtuned', settings: { ...settings, KSM_NPAGES_MIN: 1 } });
    expect(policy.look(memory(16, 7, 1))[0]).toEqual(['pages_to_scan', 7]);
    const constant = policyOf({
      name: 'ksmtuned',
      settings: { ...KSMTUNED_DEFAULTS, KSM_THRES_CONST: 12 * 2 ** 20 },
    });
    expect(constant.look(memory(16, 11, 1)).at(-1)).toEqual(['run', 1]);
  });
});

test('throttled, only what is free counts', () => {
  const policy = policyOf({ name: 'throttled' });
  expect(policy.look(memory(16, 8, 16))).toEqual([['run', 0]]);
  expect(policy.look(memory(16, 3, 0)).at(-1)).toEqual(['run', 1]);
});

test('the advisor is the kernel’s, switched on once', () => {
  const { first, everyMs } = policyOf({ name: 'advisor' });
  expect(first).toEqual([['advisor_mode', 'scan-time']]);
  expect(everyMs).toBeUndefined();
});
