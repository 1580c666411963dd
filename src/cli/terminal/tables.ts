/** Tables, and names in so many columns. */
import { printable } from '../../printable.js';

/** Columns that a name keeps, however narrow the terminal is. */
export const LEAST_NAME = 12;

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
 * In the middle: names tend to differ at their ends. Of those of a host and its guest, with a slash
 * between, both ends of both.
 */
export function shortened(name: string, width: number): string {
  if (name.length <= width || width < 3) return name;
  const [host = '', guest = '', ...more] = name.split('/');
  if (host !== '' && guest !== '' && more.length === 0 && width >= LEAST_NAME) {
    const half = Math.floor((width - 1) / 2);
    const forHost = host.length <= half ? host.length : Math.max(half, width - 1 - guest.length);
    return `${shortened(host, forHost)}/${shortened(guest, width - 1 - forHost)}`;
  }
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
