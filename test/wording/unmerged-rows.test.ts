/** What is said of pages that are equal and not merged. */
import { expect, test } from 'vitest';
import { APART_REASONS, PAGE_STATES } from '../../src/names.js';
import type { Report, Unmerged } from '../../src/protocol/routes/report.js';
import { unmergedRows } from '../../src/wording/unmerged-rows.js';

const none = Object.fromEntries(APART_REASONS.map((reason) => [reason, 0]));
const report = {
  pageSize: 4096,
  pages: Object.fromEntries(PAGE_STATES.map((state) => [state, 0])),
  scan: { running: true },
  saved: { pages: 0, forkSharedPages: 0 },
} as unknown as Report;
const counted = (sample: number): Unmerged => ({
  pages: 64,
  sample,
  reasons: { ...none, due: 64 } as Unmerged['reasons'],
  withoutSmartScan: { pages: 0, freedPages: 0 },
});

test('of a sample it is said that it is one', () => {
  expect(unmergedRows(counted(4), report)).toContainEqual([
    '  about',
    'counted by one content in 4',
  ]);
  expect(unmergedRows(counted(1), report).map(([name]) => name)).not.toContain('  about');
});
