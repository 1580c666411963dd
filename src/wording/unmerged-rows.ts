/** What would merge besides: pages that are equal and not merged, why, and what helps. */
import { APART_REASONS, type ApartReason, PAGE_STATES } from '../names.js';
import type { Report, Unmerged } from '../protocol/routes/report.js';
import { count, figure, size } from './amounts.js';
import { type Row, rowIf } from './row.js';

/** Pages that hold something and are not merged. */
const NOT_MERGED = PAGE_STATES.filter((state) => !['untouched', 'shared', 'zero'].includes(state));

const REASONS: Readonly<Record<ApartReason, string>> = {
  due: 'wait for the scanner to come by',
  notYetDue: 'have a merged like; smart scan leaves them out for now',
  outOfPhase: 'meet their like in one of the next full scans: smart scan leaves one of the two out',
  neverInPhase: 'never meet their like: smart scan visits the two in different full scans',
  changed: 'have changed lately, they or their like',
  limit: 'are more than max_page_sharing allows: a higher one merges them',
  node: 'have their like on another node: merge_across_nodes=1 merges them',
  unadvised: 'are not advised mergeable, they or their like',
};
const STOPPED = 'wait for the scanner, which is stopped: run=1 lets it go on';

export function unmergedRows(unmerged: Unmerged, report: Report): Row[] {
  const { pages, sample, reasons, withoutSmartScan } = unmerged;
  const { pageSize, scan, saved } = report;
  const notMerged = NOT_MERGED.reduce((sum, state) => sum + report.pages[state], 0);
  const alone = Math.max(0, notMerged - pages);
  const forked = saved.forkSharedPages === 0 ? '' : ', but for what forks share';
  const equal = (n: number): string =>
    `${count(n, 'page')} (${size(n * pageSize)}) ${n === 1 ? 'equals' : 'equal'}`;
  return [
    ...rowIf(pages > 0, 'to merge', `${equal(pages)} another one, not merged:`),
    ...APART_REASONS.filter((reason) => reasons[reason] > 0).map(
      (reason): Row => [
        `  ${figure(reasons[reason])}`,
        reason === 'due' && !scan.running ? STOPPED : REASONS[reason],
      ],
    ),
    ...rowIf(
      withoutSmartScan.pages > 0,
      '  helps',
      `smart_scan=0 merges ${figure(withoutSmartScan.pages)} of them within two ` +
        `full scans, and frees ${size(withoutSmartScan.freedPages * pageSize)}`,
    ),
    ...rowIf(sample > 1, '  about', `counted by one content in ${figure(sample)}`),
    ...rowIf(
      pages === 0 && saved.pages > 0,
      'to merge',
      'nothing: all pages that are equal are merged',
    ),
    ...rowIf(alone > 0, 'alone', `${equal(alone)} no other${forked}`),
  ];
}
