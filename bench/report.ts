/** The bench's table, on the terminal. */
import { cpus, release } from 'node:os';
import type { Row } from './row.js';

const HEAD = ['phase', 'ksmd', 'kernel', 'ahead by', 'seed, 2009', 'goal', ''];

/** Prints the machine's name and a line a row. `noKernel`: why the kernel's column is empty. */
export function printTable(rows: readonly Row[], noKernel: string | undefined): void {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Linux ${release()}, Node.js ${process.version}`);
  if (noKernel !== undefined) console.log(`The kernel's column is empty: ${noKernel}.`);
  const cells = rows.map((row) => [
    row.phase,
    seconds(row.ksmdSeconds),
    seconds(row.kernelSeconds),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(1)}×`,
    row.seedSeconds === undefined ? '' : seconds(row.seedSeconds),
    row.goal,
    row.met === undefined ? '' : row.met ? 'met' : 'NOT MET',
  ]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => (row[i] ?? '').length)));
  for (const row of [HEAD, ...cells])
    console.log(
      row
        .map((cell, i) => (i === 0 || i > 4 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    );
  for (const row of rows) {
    const figures = Object.entries(row.figures ?? {}).map(([name, value]) => `${name} ${value}`);
    if (figures.length > 0) console.log(`${row.phase}: ${figures.join(', ')}`);
  }
}

function seconds(value: number | undefined): string {
  return value === undefined ? '' : `${value < 10 ? value.toFixed(3) : value.toFixed(1)} s`;
}
