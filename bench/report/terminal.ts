/** The bench's report on the terminal. */
import { machineLine, type Results, settingsLine } from '../results.js';
import { costsTable, countersTable, otherFigures, type Table, timesTable } from './tables.js';

export function printReport(results: Results): void {
  console.log(`${machineLine()}\n${settingsLine(results)}\n`);
  // What a phase is, is in --report and --help: a terminal is narrow.
  printTable(without(timesTable(results.rows), 'what'));
  for (const table of [costsTable(results.rows), countersTable(results.rows)]) {
    if (table.rows.length === 0) continue;
    console.log('');
    printTable(table);
  }
  console.log('');
  for (const row of results.rows) {
    const figures = otherFigures(row);
    if (figures.length > 0)
      console.log(`${row.phase}: ${figures.map(([name, value]) => `${name} ${value}`).join('; ')}`);
    for (const line of row.listing ?? []) console.log(line);
  }
  console.log(`\nhash of the work: ${results.workHash}`);
}

function without(table: Table, head: string): Table {
  const kept = <T>(cells: readonly T[]): T[] => cells.filter((_, i) => table.head[i] !== head);
  return { head: kept(table.head), align: kept(table.align), rows: table.rows.map(kept) };
}

function printTable({ head, align, rows }: Table): void {
  const widths = head.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, i) =>
      align[i] === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
    );
    console.log(cells.join('  ').trimEnd());
  }
}
