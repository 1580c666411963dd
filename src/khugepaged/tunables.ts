/**
 * khugepaged's tunables and counters, one record each, under their names in
 * /sys/kernel/mm/transparent_hugepage/khugepaged, with the kernel's defaults for pages of 4 KiB.
 * What the kernel refuses is refused.
 */
import { STRETCH_PAGES } from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { KHUGEPAGED } from '../names.js';
import { quoted } from '../printable.js';
import { didYouMean } from '../similar.js';

interface TunableRecord {
  readonly unit: 'pages' | 'milliseconds';
  readonly help: string;
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

const MAX_UNSIGNED = 2 ** 32 - 1;
const OF_A_STRETCH = { min: 0, max: STRETCH_PAGES - 1 };

export const KHUGEPAGED_TUNABLES = {
  pages_to_scan: {
    unit: 'pages',
    help: 'pages that a pass looks at',
    initial: 8 * STRETCH_PAGES,
    min: 1,
    max: MAX_UNSIGNED,
  },
  scan_sleep_millisecs: {
    unit: 'milliseconds',
    help: 'time between two passes; the longest, 49 days, has it stand still',
    initial: 10_000,
    min: 0,
    max: MAX_UNSIGNED,
  },
  max_ptes_none: {
    unit: 'pages',
    help: 'of 512, how many may be absent or map the zero page: a huge page has them all',
    initial: STRETCH_PAGES - 1,
    ...OF_A_STRETCH,
  },
  max_ptes_shared: {
    unit: 'pages',
    help: 'how many may be mapped elsewhere too, by KSM or since a fork',
    initial: STRETCH_PAGES / 2,
    ...OF_A_STRETCH,
  },
  max_ptes_swap: {
    unit: 'pages',
    help: 'how many may be swapped out; of no effect, as there is no swap here',
    initial: STRETCH_PAGES / 8,
    ...OF_A_STRETCH,
  },
} as const satisfies Record<string, TunableRecord>;

export type KhugepagedTunable = keyof typeof KHUGEPAGED_TUNABLES;
export type KhugepagedTunables = Record<KhugepagedTunable, number>;

/** All there are, in their order. */
export const KHUGEPAGED_TUNABLE_NAMES = Object.keys(KHUGEPAGED_TUNABLES) as KhugepagedTunable[];

export const KHUGEPAGED_COUNTERS = {
  pages_collapsed: { unit: 'huge pages', help: 'huge pages made of pages mapped one by one' },
  full_scans: {
    unit: 'scans',
    help: 'how often all memory that had met a huge page has been gone through',
  },
} as const;

export type KhugepagedCounter = keyof typeof KHUGEPAGED_COUNTERS;

/** All there are, in their order. */
export const KHUGEPAGED_COUNTER_NAMES = Object.keys(KHUGEPAGED_COUNTERS) as KhugepagedCounter[];

export function initialTunables(): KhugepagedTunables {
  return Object.fromEntries(
    KHUGEPAGED_TUNABLE_NAMES.map((name) => [name, KHUGEPAGED_TUNABLES[name].initial]),
  ) as KhugepagedTunables;
}

/**
 * The tunable of that name, and the number a value stands for. ENOENT if there is none, EINVAL for
 * a counter and for what it does not take.
 */
export function checkedKhugepagedTunable(
  name: string,
  value: number | string,
): [KhugepagedTunable, number] {
  if (Object.hasOwn(KHUGEPAGED_COUNTERS, name))
    throw new KsmdError('EINVAL', `${KHUGEPAGED}${name} can only be read`);
  const tunable = KHUGEPAGED_TUNABLE_NAMES.find((known) => known === name);
  if (tunable === undefined)
    throw new KsmdError(
      'ENOENT',
      `khugepaged has no tunable ${quoted(name)}: there are ` +
        KHUGEPAGED_TUNABLE_NAMES.join(', ') +
        didYouMean(name, KHUGEPAGED_TUNABLE_NAMES),
    );
  const { min, max } = KHUGEPAGED_TUNABLES[tunable];
  const number = typeof value === 'number' || /^\d+\n?$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isInteger(number) || number < min || number > max)
    throw new KsmdError(
      'EINVAL',
      `${KHUGEPAGED}${tunable} takes whole numbers from ${min} to ${max}, ` +
        `not ${quoted(String(value).trimEnd())}`,
    );
  return [tunable, number];
}
