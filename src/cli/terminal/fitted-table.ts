/**
 * A table in so many columns of a terminal, so that no row goes on in the next line: names are
 * shortened first, none to less than it can be known by, then figures are left out, the least
 * important first. No figure is ever cut.
 */
import { printable } from '../../printable.js';
import { LEAST_NAME, shortened, table } from './tables.js';

export interface Column<Item> {
  readonly head: string;
  readonly of: (item: Item) => string;
  /** A name, of which both ends stay. */
  readonly isName?: true;
  /** In which turn a narrow terminal does without it, 1 first; without a turn it stays. */
  readonly goes?: number;
}

const GAP = 2;

interface Cells {
  readonly width: number;
  /** The least it can do with. */
  readonly least: number;
  readonly cells: readonly string[];
}

export function fittedTable<Item>(
  wanted: readonly Column<Item>[],
  items: readonly Item[],
  room: number,
): string[] {
  let columns = wanted.map((column) => ({ ...column, ...cellsOf(column, items) }));
  const turns = wanted.flatMap(({ goes }) => goes ?? []).sort((a, b) => a - b);
  for (const turn of turns) {
    if (widthOf(columns.map(({ least }) => least)) <= room) break;
    columns = columns.filter(({ goes }) => goes !== turn);
  }
  const rooms = shared(columns, room);
  return table(
    columns.map(({ head }) => head),
    items.map((_, row) =>
      columns.map(({ cells }, at) => shortened(cells[row] ?? '', rooms[at] ?? 0)),
    ),
  );
}

function cellsOf<Item>({ head, of, isName }: Column<Item>, items: readonly Item[]): Cells {
  const cells = items.map((item) => printable(of(item)));
  const width = Math.max(head.length, ...cells.map((cell) => cell.length));
  return { cells, width, least: isName ? Math.min(width, LEAST_NAME) : width };
}

/** The width of each column: the longest name gives way first, two that are as long in turns. */
function shared(columns: readonly Cells[], room: number): number[] {
  const widths = columns.map(({ width }) => width);
  for (let excess = widthOf(widths) - room; excess > 0; excess--) {
    let longest = -1;
    for (const [at, { least }] of columns.entries()) {
      const width = widths[at] ?? 0;
      if (width > least && width > (widths[longest] ?? 0)) longest = at;
    }
    if (longest < 0) break;
    widths[longest] = (widths[longest] ?? 0) - 1;
  }
  return widths;
}

function widthOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}
