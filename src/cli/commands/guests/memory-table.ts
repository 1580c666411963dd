/**
 * Of processes that have become guests: how much of their memory is registered, how much they have
 * advised, and how much is left out, by reason. A row a guest, and a column for each reason that
 * there is; what does not fit beside the others comes below, in a table of its own.
 */
import type { ProcessFacts } from '../../../sources/process/process-source.js';
import type { LeftOut } from '../../../sources/source.js';
import { size } from '../../../wording/amounts.js';
import { LEAST_NAME, shortened, table } from '../../terminal/tables.js';

/** Where nobody says how wide the screen is. */
const COLUMNS = 80;
const GAP = 2;

export interface Taken {
  readonly guest: string;
  readonly source: {
    readonly leftOut: readonly LeftOut[];
    readonly facts: Pick<ProcessFacts, 'advisedBytes'>;
  };
  readonly registeredBytes: number;
}

interface Column {
  readonly head: string;
  readonly cells: readonly string[];
}

export function memoryTable(
  taken: readonly Taken[],
  room = process.stdout.columns ?? COLUMNS,
): string[] {
  const reasons = new Set(
    taken.flatMap(({ source }) => source.leftOut.map(({ reason }) => reason)),
  );
  const columns = [
    column('REGISTERED', taken, ({ registeredBytes }) => registeredBytes),
    column('ADVISED', taken, ({ source }) => source.facts.advisedBytes),
    ...[...reasons].map((reason, index) =>
      column(`${index === 0 ? 'LEFT OUT: ' : ''}${reason.toUpperCase()}`, taken, ({ source }) =>
        source.leftOut.reduce((sum, out) => sum + (out.reason === reason ? out.bytes : 0), 0),
      ),
    ),
  ];
  const widest = Math.max(...columns.map((each) => width([each])));
  const guests = {
    head: 'GUEST',
    // Each table has the names, and one more column at least.
    cells: taken.map(({ guest }) => shortened(guest, Math.max(LEAST_NAME, room - widest - GAP))),
  };
  const tables: Column[][] = [];
  for (const each of columns) {
    const last = tables.at(-1);
    if (last !== undefined && width([...last, each]) <= room) last.push(each);
    else tables.push([guests, each]);
  }
  return tables.flatMap((part) =>
    table(
      part.map(({ head }) => head),
      taken.map((_, row) => part.map(({ cells }) => cells[row] ?? '')),
    ),
  );
}

function column(head: string, taken: readonly Taken[], bytes: (row: Taken) => number): Column {
  return { head, cells: taken.map((row) => size(bytes(row))) };
}

function width(columns: readonly Column[]): number {
  const widths = columns.map(({ head, cells }) =>
    Math.max(...[head, ...cells].map(({ length }) => length)),
  );
  return widths.reduce((sum, each) => sum + GAP + each, -GAP);
}
