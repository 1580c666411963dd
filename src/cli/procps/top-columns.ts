/** The columns of `ksmd top`: procps' and some of KSM's, and what each sorts by. */
import { figure } from '../../wording/amounts.js';
import { briefSize, inHundred } from '../terminal/column-figures.js';
import type { Style } from '../terminal/styled.js';
import type { GuestUsage } from './guest-usage.js';

export interface Column {
  readonly name: string;
  readonly width: number;
  /** For the help. */
  readonly meaning: string;
  readonly cell: (guest: GuestUsage) => string;
  /** The largest comes first; without it nothing is sorted by the column. */
  readonly by?: (guest: GuestUsage) => number;
  readonly style?: (guest: GuestUsage) => Style;
  /** Only where there is anything to show. */
  readonly isShown?: (guests: readonly GuestUsage[]) => boolean;
}

const STATE_STYLES: Readonly<Record<GuestUsage['state'], Style>> = {
  R: 'green',
  D: 'red',
  S: 'gray',
};

/** A size in five columns, or so many. */
function sized(
  name: string,
  of: (guest: GuestUsage) => number,
  meaning: string,
  width = 5,
): Column {
  return { name, width, meaning, cell: (guest) => briefSize(of(guest)), by: of };
}

function shared(
  name: string,
  of: (guest: GuestUsage) => number | undefined,
  meaning: string,
): Column {
  const cell = (guest: GuestUsage): string => {
    const share = of(guest);
    return share === undefined ? '-' : inHundred(share);
  };
  return { name, width: 5, meaning, cell, by: (guest) => of(guest) ?? 0 };
}

export const COLUMNS: readonly Column[] = [
  sized('VIRT', ({ registeredBytes }) => registeredBytes, 'registered'),
  sized('RES', ({ presentBytes }) => presentBytes, 'of that, in frames'),
  sized('SHR', ({ sharedBytes }) => sharedBytes, 'of these, KSM pages'),
  {
    name: 'HUGE',
    width: 5,
    meaning: 'huge pages',
    cell: ({ hugePages }) => figure(hugePages),
    by: ({ hugePages }) => hugePages,
    isShown: (guests) => guests.some(({ hugePages }) => hugePages > 0),
  },
  {
    name: 'S',
    width: 1,
    meaning: 'R runs, D waits, S neither',
    cell: ({ state }) => state,
    style: ({ state }) => STATE_STYLES[state],
  },
  shared('%CPU', ({ cpus }) => cpus, 'of a processor, by its workloads'),
  shared('%MEM', ({ memoryShare }) => memoryShare, 'of all memory: RES'),
  sized('SAVED', ({ savedBytes }) => savedBytes, 'its part of what all save', 6),
  sized('COST', ({ bookkeepingBytes }) => bookkeepingBytes, "the kernel's records of it"),
  shared('%SCAN', ({ scannerShare }) => scannerShare, 'of pages the scanner looked at'),
];

export const NAME_COLUMN = 'GUEST';

/** What is sorted by, by the column's name. */
export type Order = string;
export const DEFAULT_ORDER: Order = 'SAVED';

/** Letters for the columns that are asked for most. */
export const ORDER_KEYS: Readonly<Record<string, Order>> = {
  s: 'SAVED',
  m: 'RES',
  p: '%CPU',
  c: '%SCAN',
  n: NAME_COLUMN,
};

/** The order by the next column that is shown, or with -1 the one before; it ends at the ends. */
export function orderBeside(order: Order, step: 1 | -1, guests: readonly GuestUsage[]): Order {
  const names = [
    ...COLUMNS.filter(({ by, isShown }) => by !== undefined && (isShown?.(guests) ?? true)).map(
      ({ name }) => name,
    ),
    NAME_COLUMN,
  ];
  const at = names.indexOf(order);
  return names[Math.min(names.length - 1, Math.max(0, at + step))] ?? order;
}

/** The largest first; names from A to Z. */
export function sorted(guests: readonly GuestUsage[], order: Order): GuestUsage[] {
  const by = COLUMNS.find(({ name }) => name === order)?.by ?? ((): number => 0);
  return guests.toSorted(
    (a, b) => by(b) - by(a) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}
