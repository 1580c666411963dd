/** Numbers, sizes and tables as people read them. */
import { printable } from '../../printable.js';

/** As the dashboard says them too. */
export { count, duration, percent, size, upTime } from '../../wording/amounts.js';

/** Columns that a name keeps, however narrow the terminal is. */
export const LEAST_NAME = 12;

/** In four or five characters, as procps' top writes sizes: 328k, 64m, 1.0g. */
export function briefSize(bytes: number): string {
  const power = bytes < 999.5 * 2 ** 10 ? 1 : bytes < 999.5 * 2 ** 20 ? 2 : 3;
  const value = bytes / 2 ** (10 * power);
  const digits = power > 1 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${digits}${['k', 'm', 'g'][power - 1]}`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Columns as wide as they need to be; all but the first to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, column === 0))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * The same in so many columns: names are shortened until it fits, the longest first, none to less
 * than it can be known by. `names`: the heads of their columns.
 */
export function fittedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  names: readonly string[],
  columns: number,
): string[] {
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const named = widths.flatMap((width, at) =>
    names.includes(head[at] ?? '') ? [{ at, width }] : [],
  );
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - columns;
  const rooms = new Map<number, number>();
  for (const { at, width } of named.sort((a, b) => b.width - a.width)) {
    const room = Math.min(width, Math.max(LEAST_NAME, width - Math.max(0, excess)));
    excess -= width - room;
    rooms.set(at, room);
  }
  return table(
    head,
    rows.map((row) => row.map((cell, at) => shortened(cell, rooms.get(at) ?? cell.length))),
  );
}

/** In the middle: names tend to differ at their ends. */
export function shortened(name: string, width: number): string {
  if (name.length <= width || width < 3) return name;
  const head = Math.floor((width - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(name.length - (width - 1 - head))}`;
}

/** A name and what it stands for, a line each. */
export function pairs(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width);
}
