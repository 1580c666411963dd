/** The table that `ksmd vmstat` prints: its columns, and its heading once a screenful. */
import type { Status } from '../../protocol/routes/status.js';
import { UNITS, type Unit } from './units.js';
import type { Usage } from './usage.js';

interface Column {
  readonly group: string;
  readonly name: string;
  readonly width: number;
  /** Absent: always 0. */
  readonly value?: (status: Status, usage: Usage, unitBytes: number) => number;
}

const COLUMNS: readonly Column[] = [
  {
    group: 'procs',
    name: 'r',
    width: 2,
    value: ({ workloads, scanner, guests }) =>
      workloads.running + (scanner.state === 'running' && guests > 0 ? 1 : 0),
  },
  { group: 'procs', name: 'b', width: 2, value: ({ workloads }) => workloads.waiting },
  { group: 'memory', name: 'swpd', width: 6 },
  {
    group: 'memory',
    name: 'free',
    width: 7,
    value: ({ memory }, _usage, unitBytes) => memory.freeBytes / unitBytes,
  },
  { group: 'memory', name: 'buff', width: 6 },
  { group: 'memory', name: 'cache', width: 6 },
  { group: 'swap', name: 'si', width: 4 },
  { group: 'swap', name: 'so', width: 4 },
  { group: 'io', name: 'bi', width: 5 },
  { group: 'io', name: 'bo', width: 5 },
  { group: 'cpu', name: 'us', width: 3, value: (_status, { guestShare }) => guestShare * 100 },
  { group: 'cpu', name: 'sy', width: 3, value: (_status, { scannerShare }) => scannerShare * 100 },
  {
    group: 'cpu',
    name: 'id',
    width: 3,
    value: (_status, { guestShare, scannerShare }) =>
      Math.max(0, 100 - Math.round(guestShare * 100) - Math.round(scannerShare * 100)),
  },
  { group: 'cpu', name: 'wa', width: 2 },
  { group: 'cpu', name: 'st', width: 2 },
  { group: 'ksm', name: 'shared', width: 7, value: ({ counters }) => counters.pages_shared ?? 0 },
  { group: 'ksm', name: 'sharing', width: 7, value: ({ counters }) => counters.pages_sharing ?? 0 },
  {
    group: 'ksm',
    name: 'scan/s',
    width: 8,
    value: (_status, { pagesScannedPerSecond }) => pagesScannedPerSecond,
  },
  {
    group: 'ksm',
    name: 'merge/s',
    width: 7,
    value: (_status, { mergesPerSecond }) => mergesPerSecond,
  },
  {
    group: 'ksm',
    name: 'cow/s',
    width: 7,
    value: (_status, { cowBreaksPerSecond }) => cowBreaksPerSecond,
  },
];

/** What a narrow terminal does without, first to last. */
const SPARED = ['cow/s', 'shared', 'b', 'r', 'id'];

/** What a terminal has; a pipe or a file has neither. */
interface Screen {
  readonly columns?: number;
  readonly rows?: number;
}

export class VmstatTable {
  private columns: readonly Column[] = COLUMNS;
  private linesLeft = 0;

  constructor(
    private readonly screen: Screen,
    private readonly unit: Unit,
  ) {}

  /**
   * The next line, below a heading where one is due: at the start, and on a terminal once a
   * screenful.
   */
  lines(status: Status, usage: Usage): string[] {
    const heading = this.linesLeft === 0 ? this.heading() : [];
    this.linesLeft--;
    const cells = this.columns.map(({ value, width }) =>
      String(Math.round(value?.(status, usage, UNITS[this.unit]) ?? 0)).padStart(width),
    );
    return [...heading, cells.join(' ')];
  }

  private heading(): string[] {
    const { columns = Number.POSITIVE_INFINITY, rows } = this.screen;
    this.columns = fitting(columns);
    const lines = [
      groups(this.columns),
      this.columns.map(({ name, width }) => name.padStart(width)).join(' '),
    ];
    // The screen's last line is the cursor's.
    this.linesLeft =
      rows === undefined ? Number.POSITIVE_INFINITY : Math.max(1, rows - lines.length - 1);
    return lines;
  }
}

/** Without those that are always 0, where there is no room, and then without one after another. */
function fitting(room: number): readonly Column[] {
  if (widthOf(COLUMNS) <= room) return COLUMNS;
  let shown = COLUMNS.filter(({ value }) => value !== undefined);
  for (const spared of SPARED) {
    if (widthOf(shown) <= room) break;
    shown = shown.filter(({ name }) => name !== spared);
  }
  return shown;
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width + 1, -1);
}

/** Each group's name in the middle of dashes as wide as its columns. */
function groups(columns: readonly Column[]): string {
  return [...new Set(columns.map(({ group }) => group))]
    .map((group) => {
      const width = widthOf(columns.filter((column) => column.group === group));
      return group.padStart(Math.floor((width + group.length) / 2), '-').padEnd(width, '-');
    })
    .join(' ');
}
