/** Whose memory is not to be measured: who uses KSM, by the files of several kernels. */
import { expect, test } from 'vitest';
import { usesKsm } from '../../../src/prices/calibration/kernel-ksm.js';

const COUNTS = 'ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\nksm_process_profit 0\n';
const ADVISED = 'VmFlags: rd wr mr mw me ac mg sd \n';
const NOT_ADVISED = 'VmFlags: rd wr mr mw me ac sd \n';
const unread = (): string => {
  throw new Error('mappings are read only where ksm_stat does not tell');
};

test('where ksm_stat tells of advice, that is what counts', () => {
  const told = (mergeable: string, any: string): string =>
    `${COUNTS}ksm_merge_any: ${any}\nksm_mergeable: ${mergeable}\n`;
  expect(usesKsm(told('yes', 'no'), unread)).toBe(true);
  expect(usesKsm(told('no', 'yes'), unread)).toBe(true);
  expect(usesKsm(told('no', 'no'), unread)).toBe(false);
});

test('where it does not, what KSM knows of a process counts, and what its mappings are', () => {
  expect(usesKsm(COUNTS.replace('items 0', 'items 12'), unread)).toBe(true);
  expect(usesKsm(COUNTS, () => `${NOT_ADVISED}${ADVISED}`)).toBe(true);
  expect(usesKsm(COUNTS, () => NOT_ADVISED)).toBe(false);
  expect(usesKsm('', () => '')).toBe(false);
});
