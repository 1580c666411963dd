/**
 * What `ksmd status` shows: first what KSM saves, what that costs and what would merge besides;
 * then the rest, one idea a line.
 */
import type { Report } from '../../../protocol/routes/report.js';
import type { Status } from '../../../protocol/routes/status.js';
import { count, duration, figure, size, upTime } from '../../../wording/amounts.js';
import { type Row, rowIf } from '../../../wording/row.js';
import { type StatusLook, verdictOf } from '../../../wording/verdict.js';
import { rows } from '../../terminal/rows.js';

export function statusLines(look: StatusLook, columns: number): string[] {
  const { status, report } = look;
  const { saved, cost, unmerged } = verdictOf(look);
  return rows(
    [...saved, ...cost, ...unmerged, ...paceRows(report), ...hostRows(status, report)],
    columns,
  );
}

function paceRows({ scan, pages }: Report): Row[] {
  const { running, pace, duePages, fullScanMs, mergedAfterScans, mergedAfterMs } = scan;
  if (fullScanMs === undefined || mergedAfterMs === undefined)
    return [['pace', `there is nothing to scan${running ? '' : ', and the scanner is stopped'}`]];
  const takes = running
    ? 'a full scan takes about'
    : 'stopped: run=1 lets the scanner go on; a full scan would take about';
  const due =
    duePages === 0 ? `; smart scan leaves out all ${count(pages.skipped, 'page')} now` : '';
  const whose = pace === 'kernel' ? "a kernel's" : "ksmd's own";
  const isPerhaps = scan.meetsAlone === 'perhaps';
  return [
    ['pace', `${takes} ${duration(fullScanMs)}, at ${whose} pace${due}`],
    [
      '  new page',
      `merges ${isPerhaps ? 'with merged ones ' : ''}after ${mergedAfterScans} full scans, ` +
        `about ${duration(mergedAfterMs)}${isPerhaps ? ';' : ''}`,
    ],
    ...rowIf(isPerhaps, '', 'with one that was alone after 2 to 14, or never (smart scan)'),
  ];
}

function hostRows(status: Status, report: Report): Row[] {
  const { pageSize, memory, scanner, counters, fingerprints, sysfs } = status;
  const pages = (n: number): string => `${count(n, 'page')} (${size(n * pageSize)})`;
  const { forkSharedPages } = report.saved;
  return [
    ['scanner', `${scanner.state}, ${count(counters.full_scans ?? 0, 'full scan')}`],
    ...sharedRows(report),
    ...rowIf(forkSharedPages > 0, 'forked', `${pages(forkSharedPages)} share a frame since a fork`),
    ...hugeRows(status),
    ['memory', `${size(memory.usedBytes)} of ${size(memory.totalBytes)} used`],
    ...(fingerprints === undefined ? [] : heldRows(fingerprints)),
    ['guests', `${figure(status.guests)}, with ${pages(status.registeredPages)} registered`],
    ['', `${pages(status.presentPages)} present`],
    ...(sysfs === undefined ? [] : [['files', filesText(sysfs)] satisfies Row]),
    [
      'ksmd',
      `${status.version}, as Linux ${status.kernel}, process ${status.pid}, up ` +
        upTime(status.uptimeMs),
    ],
  ];
}

/** How many frames stand for the pages that are merged, as they are now. */
function sharedRows({ saved, pages: { shared }, guests, pageSize }: Report): Row[] {
  if (saved.pages === 0) return [];
  // Each page that maps one has its part of it.
  const bytes = guests.reduce((sum, { footprint }) => sum + footprint.ksmPssBytes, 0);
  const frames = Math.round(bytes / pageSize);
  const more = Math.max(0, shared - frames);
  const stands = `${count(frames, 'KSM page')} ${frames === 1 ? 'stands' : 'stand'} for`;
  return [['shared', `${stands} ${count(more, 'page')} more`]];
}

function hugeRows({ hugePages, totals, pageSize }: Status): Row[] {
  const { splits, splitZeroPages, collapses } = totals;
  if (hugePages + splits === 0) return [];
  const [mapped, split, made] = [hugePages, splits, collapses].map(figure);
  return [
    ['huge pages', `${mapped} mapped, ${split} split by KSM, ${made} made by khugepaged`],
    ...rowIf(
      splitZeroPages > 0,
      '',
      `since the start splits gave back ${count(splitZeroPages, 'page')} ` +
        `(${size(splitZeroPages * pageSize)}) of zeroes`,
    ),
  ];
}

/** What all figures are to be read with. */
function heldRows({
  frameBytes,
  reservedBytes,
  keyId,
  oneIn,
}: NonNullable<Status['fingerprints']>): Row[] {
  const by = keyId === undefined ? '' : `, by the key ${keyId}`;
  return [
    ['holds', `fingerprints of pages, ${frameBytes} bytes each${by}`],
    ['', `${size(reservedBytes)} of real memory with all tables`],
    ...rowIf(oneIn > 1, '', `1 page in ${figure(oneIn)} is held, and counted`),
  ];
}

function filesText({ directory, as }: NonNullable<Status['sysfs']>): string {
  return as === 'mount'
    ? `a mount in ${directory}, and in proc beside it`
    : `a picture in ${directory}, and in proc beside it: plain files that follow`;
}
