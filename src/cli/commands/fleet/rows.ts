/** Values of a query's rows, for screens. */

import type { Estimated } from '../../../estimate/scale.js';
import type { Row } from '../../../fleet/engine.js';
import { figure } from '../../../wording/amounts.js';
import type { Column } from '../../terminal/fitted-table.js';

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

/** An amount, and its error beside it where there is any: a narrow terminal does without that. */
export function estimateColumns<Item>(
  head: string,
  items: readonly Item[],
  of: (item: Item) => Estimated | undefined,
  bytes: (pages: number) => string,
  errorGoes: number,
  amountGoes?: number,
): Column<Item>[] {
  const errorOf = (item: Item): number => of(item)?.error ?? 0;
  const told = (item: Item): string => (of(item) === undefined ? '' : bytes(errorOf(item)));
  const amount = (item: Item): string => {
    const estimated = of(item);
    return estimated === undefined ? 'does not fit' : bytes(estimated.pages);
  };
  return [
    { head, of: amount, ...(amountGoes === undefined ? {} : { goes: amountGoes }) },
    ...(items.some((item) => errorOf(item) > 0) ? [{ head: '±', of: told, goes: errorGoes }] : []),
  ];
}

export function more(all: number, shown: number): string[] {
  return all <= shown ? [] : [`and ${figure(all - shown)} more (--top, --json)`];
}
