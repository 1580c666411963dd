/** The bench's tables as text, a string a cell: the same for the terminal and for Markdown. */
import type { CounterName } from '../../src/ksm/records/counter-records.js';
import type { Row } from '../row.js';
import { SEED_2009 } from '../seed-2009.js';

export interface Table {
  readonly head: readonly string[];
  /** Of each column. */
  readonly align: readonly ('left' | 'right')[];
  readonly rows: readonly (readonly string[])[];
}

/** One line a phase: how long it took, beside the kernel and the seed. */
export function timesTable(rows: readonly Row[]): Table {
  return {
    head: ['phase', 'what', 'ksmd', 'kernel', 'ahead by', 'seed, 2009', 'goal', ''],
    align: ['left', 'left', 'right', 'right', 'right', 'left', 'left', 'left'],
    rows: rows.map((row) => [
      row.phase,
      row.what,
      row.ksmdWords ?? seconds(row.ksmdSeconds),
      row.kernelWords ?? seconds(row.kernelSeconds),
      row.ratio === undefined ? '' : `${row.ratio.toFixed(1)}×`,
      SEED_2009[row.phase]?.text ?? '',
      row.goal,
      row.met === undefined ? '' : row.met ? 'met' : 'NOT MET',
    ]),
  };
}

const COST_COLUMNS = [
  'full scans until the first page merged',
  'frames in use',
  'bookkeeping bytes a page',
  'checksums taken',
  'peak RSS MiB',
];

/** What merging took of ksmd, in the phases that say so. */
export function costsTable(rows: readonly Row[]): Table {
  return {
    head: ['phase', ...COST_COLUMNS],
    align: ['left', ...COST_COLUMNS.map(() => 'right' as const)],
    rows: rows
      .filter(hasCosts)
      .map((row) => [row.phase, ...COST_COLUMNS.map((name) => figure(row.figures?.[name] ?? ''))]),
  };
}

/** The counters that say how pages merged; --json has all. */
const COUNTERS: readonly CounterName[] = [
  'full_scans',
  'pages_scanned',
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'stable_node_dups',
];

/** KSM's counters as each phase ended. */
export function countersTable(rows: readonly Row[]): Table {
  return {
    head: ['phase', ...COUNTERS],
    align: ['left', ...COUNTERS.map(() => 'right' as const)],
    rows: rows
      .filter(hasCounters)
      .map((row) => [row.phase, ...COUNTERS.map((name) => figure(row.figures?.[name] ?? ''))]),
  };
}

/** Figures of a phase that are in no table, each with its name. */
export function otherFigures(row: Row): [string, string][] {
  return Object.entries(row.figures ?? {})
    .filter(
      ([name]) =>
        !(hasCosts(row) && COST_COLUMNS.includes(name)) && !/^[a-z]+(_[a-z]+)+$/.test(name),
    )
    .map(([name, value]) => [name, figure(value)]);
}

function hasCosts(row: Row): boolean {
  return row.figures?.['bookkeeping bytes a page'] !== undefined;
}

function hasCounters(row: Row): boolean {
  return row.figures?.pages_sharing !== undefined;
}

function figure(value: number | string): string {
  return typeof value === 'number' ? value.toLocaleString('en') : value;
}

/** With three digits that count. */
export function seconds(value: number | undefined): string {
  if (value === undefined) return '';
  return value < 0.01 ? `${(value * 1000).toPrecision(3)} ms` : `${Number(value.toPrecision(3))} s`;
}
