/** Values of a query's rows, for screens. */
import type { Row } from '../../../fleet/engine.js';
import { figure } from '../../../wording/amounts.js';

export function numberOf(row: Row | undefined, name: string): number {
  const value = row?.[name];
  return typeof value === 'number' ? value : 0;
}

export function textOf(row: Row | undefined, name: string): string {
  return String(row?.[name] ?? '');
}

/** The fingerprint, of two halves that are signed. */
export function contentOf(row: Row): string {
  return ['hi', 'lo']
    .map((name) =>
      BigInt.asUintN(64, BigInt(textOf(row, name)))
        .toString(16)
        .padStart(16, '0'),
    )
    .join('');
}

export function about(pages: number, error: number, bytes: (pages: number) => string): string {
  return error === 0 ? bytes(pages) : `${bytes(pages)} ± ${bytes(error)}`;
}

export function more(all: number, shown: number): string[] {
  return all <= shown ? [] : [`and ${figure(all - shown)} more (--top, --json)`];
}
