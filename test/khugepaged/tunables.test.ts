import { describe, expect, test } from 'vitest';
import {
  checkedKhugepagedTunable,
  initialTunables,
  KHUGEPAGED_TUNABLE_NAMES,
  KHUGEPAGED_TUNABLES,
} from '../../src/khugepaged/tunables.js';

describe.each(KHUGEPAGED_TUNABLE_NAMES)('%s', (name) => {
  const { min, max } = KHUGEPAGED_TUNABLES[name];

  test.each([min, max, String(min), `${max}\n`])('takes %j', (value) => {
    expect(checkedKhugepagedTunable(name, value)).toEqual([name, Number(value)]);
  });

  test.each([min - 1, max + 1, 1.5, Number.NaN, '', ' 1', '0x10', 'many'])(
    'refuses %j',
    (value) => {
      expect(() => checkedKhugepagedTunable(name, value)).toThrow(
        expect.objectContaining({ code: 'EINVAL' }),
      );
    },
  );
});

test("the defaults are the kernel's, for pages of 4 KiB", () => {
  expect(initialTunables()).toEqual({
    pages_to_scan: 4096,
    scan_sleep_millisecs: 10_000,
    max_ptes_none: 511,
    max_ptes_shared: 256,
    max_ptes_swap: 64,
  });
});

test('what is no tunable is not there, and what is counted can only be read', () => {
  expect(() => checkedKhugepagedTunable('defrag', 1)).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  );
  expect(() => checkedKhugepagedTunable('full_scans', 1)).toThrow(
    expect.objectContaining({ code: 'EINVAL', message: 'khugepaged/full_scans can only be read' }),
  );
});
