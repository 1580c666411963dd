/**
 * The verdict: what KSM saves, what that costs and what would merge besides, in the words of `ksmd
 * status` and of the dashboard.
 */
import type { GuestSummary } from '../protocol/routes/guests.js';
import type { Report, Unmerged } from '../protocol/routes/report.js';
import type { Status } from '../protocol/routes/status.js';
import { count, duration, percent, size } from './amounts.js';
import { type Row, rowIf } from './row.js';
import { savedByGuest } from './saved-by-guest.js';
import { unmergedRows } from './unmerged-rows.js';

/** What the daemon is asked for it. */
export interface StatusLook {
  readonly status: Status;
  readonly report: Report;
  readonly unmerged: Unmerged;
  readonly guests: readonly GuestSummary[];
}

/** Guests that are named. */
const MOST = 3;

export interface Verdict {
  readonly saved: readonly Row[];
  readonly cost: readonly Row[];
  readonly unmerged: readonly Row[];
}

export function verdictOf(look: StatusLook): Verdict {
  return {
    saved: savedRows(look),
    cost: costRows(look),
    unmerged: unmergedRows(look.unmerged, look.report),
  };
}

function savedRows({ status, report, guests }: StatusLook): Row[] {
  const { saved, sharing, pageSize } = report;
  if (saved.pages === 0) return [['saved', 'nothing yet']];
  const { zeroPages, withinGuestPages, betweenGuestsPages } = sharing;
  const withoutKsm = status.memory.usedBytes + saved.bytes;
  const kinds: (readonly [string, number, string])[] = [
    ['  zeroes', zeroPages, 'of zeroes: memory perhaps never used'],
    ['  within', withinGuestPages, 'equal to pages of the same guest'],
    ['  between', betweenGuestsPages, 'equal to pages of other guests only'],
  ];
  return [
    [
      'saved',
      `${size(saved.bytes)} of ${size(withoutKsm)}, ${percent(saved.share)}; ` +
        `${size(saved.netBytes)} net of bookkeeping`,
    ],
    ...kinds
      .filter(([, pages]) => pages > 0)
      .map(
        ([name, pages, what]): Row => [
          name,
          `${size(pages * pageSize)}, ${count(pages, 'page')} ${what}`,
        ],
      ),
    ['  by guest', byGuest(status, guests)],
  ];
}

/** Those that save most, and the rest: as SAVED of `ksmd top`. */
function byGuest(status: Status, guests: readonly GuestSummary[]): string {
  const saved = savedByGuest(status, guests);
  const saving = guests
    .map(({ name }, at) => ({ name, bytes: saved[at] ?? 0 }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  const others = saving.slice(MOST);
  const rest = others.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...saving.slice(0, MOST).map(({ name, bytes }) => `${name} ${size(bytes)}`),
    ...(others.length === 0 ? [] : [`${count(others.length, 'other')} ${size(rest)}`]),
  ].join(', ');
}

/** Whose processor that is. */
function pricesText({ measuredOn, areDefault }: Status['scanner']['prices']): string {
  return areDefault
    ? `default ones, of ${measuredOn}: nobody has measured this host`
    : `measured on ${measuredOn}`;
}

function costRows({ status: { scanner }, report: { saved, scan } }: StatusLook): Row[] {
  if (saved.bookkeepingBytes === 0 && scanner.kernelCpuMs === 0) return [];
  return [
    [
      'cost',
      `${duration(scanner.kernelCpuMs)} of a kernel's processor time so far ` +
        `(${duration(scanner.cpuMs)} here)`,
    ],
    ...rowIf(
      scan.running,
      '  now',
      `${percent(scan.kernelCpuShare)} of a processor, as a kernel ` +
        `(${percent(scan.cpuShare)} here)`,
    ),
    ['  prices', pricesText(scanner.prices)],
    ['  memory', `${size(saved.bookkeepingBytes)} of bookkeeping, 64 bytes a page`],
  ];
}
