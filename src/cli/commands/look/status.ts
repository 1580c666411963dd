/**
 * `ksmd status`: what the daemon is doing, what its guests share and why not more: answers, in a
 * sentence each.
 */
import { PAGE_STATES, type PageState } from '../../../names.js';
import type { Report } from '../../../protocol/routes/report.js';
import type { Status } from '../../../protocol/routes/status.js';
import { count, duration, pairs, percent, seconds, size } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';

const MOST = 3;

/** Why pages that hold something are not merged. */
const REASONS: Partial<Record<PageState, string>> = {
  unshared: 'without their like',
  volatile: 'changing or just met',
  waiting: 'not visited yet',
  skipped: 'left out by smart scan for now',
  limit: 'at max_page_sharing',
  unmergeable: 'not advised mergeable',
};

export const action: Action<[], object> = async ({ client, json, print, printJson }) => {
  const now = await client.status();
  const report = await client.report();
  if (json) printJson({ ...now, report });
  else print(...statusText(now, report));
  return undefined;
};

function statusText(status: Status, report: Report): string[] {
  const { memory, pageSize, scanner, counters, fingerprints } = status;
  const pages = (n: number): string => pagesText(n, pageSize);
  return pairs([
    [
      'ksmd',
      `${status.version}, as Linux ${status.kernel}; process ${status.pid}, up ` +
        `${seconds(status.uptimeMs)}`,
    ],
    [
      'memory',
      `${size(memory.totalBytes)}: ${size(memory.usedBytes)} used, ${size(memory.freeBytes)} free`,
    ],
    ...(fingerprints === undefined ? [] : [['holds', heldText(fingerprints)] as const]),
    [
      'guests',
      `${status.guests}, with ${pages(status.registeredPages)} registered, ` +
        `${pages(status.presentPages)} present`,
    ],
    ['shared', sharedText(report)],
    ...(report.saved.pages === 0 ? [] : [['equal', equalText(report)] as const]),
    ...(report.saved.forkSharedPages === 0 ? [] : [['forked', forkedText(report)] as const]),
    ...(status.hugePages + status.totals.splits === 0
      ? []
      : [['huge pages', hugeText(status)] as const]),
    ['gain', gainText(report)],
    ['not shared', notSharedText(report)],
    [
      'scanner',
      `${scanner.state}, ${count(counters.full_scans ?? 0, 'full scan')}, ` +
        `about ${seconds(scanner.kernelCpuMs)} of a kernel's processor time ` +
        `(${seconds(scanner.cpuMs)} here)`,
    ],
    ['pace', paceText(report)],
    ...(status.sysfs === undefined ? [] : [['files', filesText(status.sysfs)] as const]),
  ]);
}

/** What all figures are to be read with. */
function sampleText(oneIn: number): string {
  return oneIn === 1 ? '' : `; 1 page in ${oneIn.toLocaleString('en')} is held, and counted`;
}

function heldText({
  frameBytes,
  reservedBytes,
  keyId,
  oneIn,
}: NonNullable<Status['fingerprints']>): string {
  const by = keyId === undefined ? '' : `, by the key ${keyId}`;
  return (
    `fingerprints of pages, ${frameBytes} bytes each${by}: with all tables ` +
    `${size(reservedBytes)} of real memory${sampleText(oneIn)}`
  );
}

function filesText({ directory, as }: NonNullable<Status['sysfs']>): string {
  return as === 'mount'
    ? `a mount in ${directory}, and in proc beside it`
    : `a picture of them in ${directory}, and in proc beside it: plain files that follow`;
}

/** How many frames stand for the pages that are merged, as they are now. */
function sharedText({ saved, pages: { shared, zero }, guests, pageSize }: Report): string {
  if (saved.pages === 0) return 'nothing';
  const frames = ksmFrames(guests, pageSize);
  const more = Math.max(0, shared - frames);
  const stands = `${pagesText(frames, pageSize)} ${frames === 1 ? 'stands' : 'stand'} for`;
  const zeroes = zero === 0 ? '' : `, the zero page for ${pagesText(zero, pageSize)}`;
  // Of the pages that stand for others, those of a fork would do so without KSM.
  const ofKsm = saved.forkSharedPages === 0 ? '' : `${pagesText(saved.pages, pageSize)}, `;
  const gain = `${ofKsm}${percent(saved.share)} saved, ${size(saved.netBytes)} net of bookkeeping`;
  return `${stands} ${pagesText(more, pageSize)} more${zeroes}: ${gain}`;
}

/** Whose pages are equal, and what may be no saving at all. */
function equalText({ sharing, pageSize }: Report): string {
  const { betweenGuestsPages, withinGuestPages, zeroPages } = sharing;
  const kinds: (readonly [number, string])[] = [
    [betweenGuestsPages, 'between guests'],
    [withinGuestPages, 'within a guest'],
    [zeroPages, 'of zeroes, perhaps never used'],
  ];
  return kinds
    .filter(([pages]) => pages > 0)
    .map(([pages, what]) => `${pagesText(pages, pageSize)} ${what}`)
    .join(', ');
}

/** Each page that maps one has its part of it. */
function ksmFrames(guests: Report['guests'], pageSize: number): number {
  const bytes = guests.reduce((sum, { footprint }) => sum + footprint.ksmPssBytes, 0);
  return Math.round(bytes / pageSize);
}

function forkedText({ saved: { forkSharedPages }, pageSize }: Report): string {
  return (
    `${pagesText(forkSharedPages, pageSize)} need no frame of their own since a fork, ` +
    'with KSM or without'
  );
}

function hugeText({ hugePages, totals, pageSize }: Status): string {
  const { splits, splitZeroPages, collapses } = totals;
  const given =
    splitZeroPages === 0
      ? ''
      : `, which gave back ${pagesText(splitZeroPages, pageSize)} of zeroes`;
  const [mapped, split, made] = [hugePages, splits, collapses].map((n) => n.toLocaleString('en'));
  return `${mapped} mapped; ${split} split by KSM${given}; ${made} made by khugepaged`;
}

function pagesText(pages: number, pageSize: number): string {
  return `${count(pages, 'page')} (${size(pages * pageSize)})`;
}

/** Which guests gain most. */
function gainText({ guests }: Report): string {
  const gaining = guests.filter(({ netBytes }) => netBytes > 0);
  if (gaining.length === 0) return 'no guest gains anything yet';
  const most = gaining.slice(0, MOST).map(({ name, netBytes }) => `${name} ${size(netBytes)}`);
  const others = gaining.length - MOST;
  return `${most.join(', ')}${others > 0 ? `, and ${count(others, 'other')}` : ''}`;
}

function notSharedText({ pages }: Report): string {
  const reasons = PAGE_STATES.filter(
    (state) => REASONS[state] !== undefined && pages[state] > 0,
  ).sort((a, b) => pages[b] - pages[a]);
  if (reasons.length === 0) return 'nothing: every page that holds something is merged';
  return reasons.map((state) => `${count(pages[state], 'page')} ${REASONS[state]}`).join(', ');
}

function paceText({ scan }: Report): string {
  if (!scan.running) return 'the scanner is stopped: run=1 lets it go on';
  const cost =
    `a kernel would take ${percent(scan.kernelCpuShare)} of a processor for it ` +
    `(${percent(scan.cpuShare)} here)`;
  if (scan.fullScanMs === undefined || scan.mergedAfterMs === undefined)
    return `there is nothing to scan; ${cost}`;
  const after = `after ${scan.mergedAfterScans}, in about ${duration(scan.mergedAfterMs)}`;
  const newPage =
    scan.meetsAlone === 'always'
      ? `a new page has merged ${after}`
      : `a new page has merged with merged ones ${after}; with one that was alone after 2 to ` +
        '14, or never (smart scan)';
  return (
    `a full scan takes about ${duration(scan.fullScanMs)} at these settings, ${newPage}` +
    `${scan.pace === 'kernel' ? ", at a kernel's pace" : ", at ksmd's own pace"}; ${cost}`
  );
}
