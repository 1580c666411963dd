/** What is expected here of 6.18 was read off such a kernel. */
import { expect, test } from 'vitest';
import {
  ksmStatText,
  tunableText,
  writtenText,
  writtenValue,
} from '../../../src/daemon/sysfs/text.js';
import { BenchHost, PAGE } from '../../ksm/bench-host.js';

test.each([
  ['a shell, which empties the file first', '100\n', '5\n', '5\n'],
  ['one who writes over the beginning', '100\n', '5\n0\n', '5\n'],
  ['one who writes a longer line over it', '100\n', '2000\n', '2000\n'],
  ['one who appends', '100\n', '100\n5\n', '5\n'],
  ['one who writes two lines', '100\n', '5\n7\n', '5\n7\n'],
  ['one without a newline', '100\n', '5', '5'],
  ['one who writes an empty line', '100\n', '\n', '\n'],
])('what was written is told from what was there: %s', (_who, shown, found, written) => {
  expect(writtenText(shown, found)).toBe(written);
});

test.each([
  ['pages_to_scan', '500\n', 500],
  ['pages_to_scan', '+0500', 500],
  ['pages_to_scan', '-1', '-1'],
  ['pages_to_scan', '500\n\n', '500\n\n'],
  ['pages_to_scan', ' 500', ' 500'],
  ['pages_to_scan', '0x64', '0x64'],
  ['pages_to_scan', '\n', '\n'],
  ['smart_scan', 'y', 1],
  ['smart_scan', 'on\n', 1],
  ['smart_scan', 'True', 1],
  ['smart_scan', '1zzz\n', 1],
  ['use_zero_pages', 'off', 0],
  ['use_zero_pages', 'N\n', 0],
  ['use_zero_pages', '2', '2'],
  ['use_zero_pages', 'o\n', 'o\n'],
  ['use_zero_pages', ' y', ' y'],
  ['advisor_mode', 'scan-time\n', 'scan-time'],
  ['advisor_mode', 'none\n\n', 'none\n'],
] as const)("what the kernel makes of a write to %s of '%s'", (name, text, value) => {
  expect(writtenValue(name, text)).toBe(value);
});

test('a choice is shown with all there is to choose from', () => {
  expect(tunableText('advisor_mode', 'none')).toBe('[none] scan-time\n');
  expect(tunableText('advisor_mode', 'scan-time')).toBe('none [scan-time]\n');
  expect(tunableText('run', 1)).toBe('1\n');
});

test("ksm_stat has the lines of the profile's kernel, and says whether any page may be merged", () => {
  const statOf = (
    kernel: '2.6.32' | '6.1' | '6.12' | '6.18',
    advice: 'mergeable' | 'unmergeable' = 'mergeable',
  ): string => {
    const { host } = new BenchHost(kernel);
    host.createGuest('g');
    host.map('g', 'r', 4, { address: PAGE });
    host.madvise('g', PAGE, 3 * PAGE, 'unmergeable');
    host.madvise('g', 4 * PAGE, PAGE, advice);
    return ksmStatText(host, 'g');
  };
  const counters =
    'ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\nksm_process_profit 0\n';
  expect(statOf('6.18')).toBe(`${counters}ksm_merge_any: no\nksm_mergeable: yes\n`);
  expect(statOf('6.18', 'unmergeable')).toBe(`${counters}ksm_merge_any: no\nksm_mergeable: no\n`);
  expect(statOf('6.12')).toBe(counters);
  expect(statOf('6.1')).toBe('ksm_rmap_items 0\n');
  expect(statOf('2.6.32')).toBe('');
});
