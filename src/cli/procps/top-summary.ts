/**
 * The lines above the table of `ksmd top`: the daemon, and three bars as htop has them, of its
 * processors, of its memory and of the full scan under way, each with its figures below where there
 * is room.
 */
import type { Status } from '../../protocol/routes/status.js';
import { count, figure, percent, size, upTime } from '../../wording/amounts.js';
import { type BarPart, bar } from '../terminal/bar.js';
import { fittingParts } from '../terminal/fitting-parts.js';
import { type Span, type StyledLine, styledLine } from '../terminal/styled.js';
import { footprint } from './footprint.js';
import type { GuestSample } from './guest-usage.js';
import { type Usage, usage } from './usage.js';

/** On a screen that is shorter, guests have the room of the figures. */
const LEAST_ROWS_WITH_FIGURES = 20;
/** On one that is shorter still, all of it. */
const LEAST_ROWS = 10;
const LINES = 5;
const FIGURE_LINES = 3;
const LABEL = 5;
const MOST_COLUMNS = 80;
/** A shorter bar shows nothing. */
const LEAST_BAR = 7;

const OWN: Omit<BarPart, 'share'> = { sign: '|', style: 'green' };
const SHARED: Omit<BarPart, 'share'> = { sign: '#', style: 'cyan' };
const SAVED: Omit<BarPart, 'share'> = { sign: '-', style: 'yellow' };

/** What the signs in the bars mean. */
export const BAR_SIGNS: readonly (readonly [sign: string, meaning: string])[] = [
  ['|', 'CPU: guests. Mem: own. Scan: how far'],
  ['#', 'CPU: the scanner. Mem: KSM pages'],
  ['-', 'Mem: what KSM saves'],
];

interface Meter {
  readonly label: string;
  readonly parts: readonly BarPart[];
  readonly text: string;
  /** The most important first. */
  readonly figures: readonly string[];
}

/** Of a screen of so many rows. */
export function summaryLines(rows: number): number {
  if (rows < LEAST_ROWS) return 0;
  return rows < LEAST_ROWS_WITH_FIGURES ? LINES : LINES + FIGURE_LINES;
}

/** Without `rows` there is room for all. `doneShare`: of the full scan under way. */
export function topSummary(
  now: GuestSample,
  before: GuestSample | undefined,
  doneShare: number | undefined,
  { columns, rows = Number.POSITIVE_INFINITY }: { columns: number; rows?: number | undefined },
): StyledLine[] {
  const { status } = now;
  const rates = usage(status, before?.status);
  const line = (text: string): StyledLine => styledLine(figuresBold(text), columns);
  const meters = [cpu(status, rates), memory(status), scan(status, rates, doneShare)];
  return [
    line(fittingParts(title(now), ', ', columns)),
    line(fittingParts(population(now), ', ', columns)),
    ...meters.flatMap((meter) => [
      styledLine(drawn(meter, Math.min(columns, MOST_COLUMNS)), columns),
      ...(rows < LEAST_ROWS_WITH_FIGURES
        ? []
        : [line(' '.repeat(LABEL) + fittingParts(meter.figures, '  ', columns - LABEL))]),
    ]),
  ];
}

function title({ status, takenAt }: GuestSample): string[] {
  const { version, uptimeMs, kernel, fingerprints } = status;
  const { oneIn = 1 } = fingerprints ?? {};
  return [
    `ksmd ${version} - ${takenAt.toTimeString().slice(0, 8)} up ${upTime(uptimeMs)}`,
    // Where not all pages are held.
    ...(oneIn === 1 ? [] : [`1 page in ${figure(oneIn)}`]),
    `as Linux ${kernel}`,
  ];
}

function population({ guests, workloads }: GuestSample): string[] {
  const inState = (state: string): number =>
    workloads.filter((workload) => workload.state === state).length;
  return [
    `Guests: ${figure(guests.length)} total`,
    `${count(inState('running'), 'workload')} running`,
    `${figure(inState('waiting'))} waiting for a frame`,
  ];
}

function cpu({ cpus }: Status, { guestShare, scannerShare, kernelCpus }: Usage): Meter {
  return {
    label: 'CPU',
    parts: [
      { ...OWN, share: guestShare },
      { ...SHARED, share: scannerShare },
    ],
    text: `${percent(guestShare + scannerShare)} of ${count(cpus, 'processor')}`,
    figures: [
      `scanner ${percent(scannerShare)}`,
      `${percent(kernelCpus)} as a kernel`,
      `guests ${percent(guestShare)}`,
    ],
  };
}

/** As long as all memory, or as what would be used without KSM. */
function memory(status: Status): Meter {
  const { totalBytes, usedBytes, sharedBytes, savedBytes, withoutKsmBytes, forkSharedBytes } =
    footprint(status);
  const whole = Math.max(1, totalBytes, withoutKsmBytes);
  const savedShare = withoutKsmBytes === 0 ? 0 : savedBytes / withoutKsmBytes;
  return {
    label: 'Mem',
    parts: [
      { ...OWN, share: (usedBytes - sharedBytes) / whole },
      { ...SHARED, share: sharedBytes / whole },
      { ...SAVED, share: savedBytes / whole },
    ],
    text: `${size(usedBytes)} of ${size(totalBytes)} used`,
    figures: [
      `saved ${size(savedBytes)}, ${percent(savedShare)}`,
      `shared ${size(sharedBytes)}`,
      ...(forkSharedBytes === 0 ? [] : [`forked ${size(forkSharedBytes)}`]),
    ],
  };
}

function scan({ scanner, counters }: Status, rates: Usage, doneShare: number | undefined): Meter {
  const scans = counters.full_scans ?? 0;
  const isRunning = scanner.state === 'running';
  const done = doneShare === undefined ? '' : `${percent(doneShare)} of `;
  const perSecond = (value: number, what: string): string => `${figure(Math.round(value))} ${what}`;
  return {
    label: 'Scan',
    parts: [{ ...OWN, share: doneShare ?? 0 }],
    text: isRunning
      ? `${done}full scan ${figure(scans + 1)}`
      : `${scanner.state}, ${count(scans, 'full scan')}`,
    figures: [
      perSecond(rates.pagesScannedPerSecond, 'scanned/s'),
      perSecond(rates.mergesPerSecond, 'merged/s'),
      perSecond(rates.cowBreaksPerSecond, 'cow/s'),
    ],
  };
}

function drawn({ label, parts, text }: Meter, columns: number): Span[] {
  const width = columns - LABEL - 1 - text.length;
  const bars = width < LEAST_BAR ? [] : [...bar(parts, width), { text: ' ' }];
  return [{ text: label.padEnd(LABEL), style: 'cyan' }, ...bars, ...figuresBold(text)];
}

/** What stands before the colon is a name; after it, figures stand out. */
function figuresBold(line: string): Span[] {
  return line
    .split(/((?:^| )\d\S*)/)
    .map((text) => (/^ ?\d/.test(text) ? { text, style: 'bold' } : { text }));
}
