/**
 * khugepaged's tunables, under their names in /sys/kernel/mm/transparent_hugepage/khugepaged, with
 * the kernel's defaults for pages of 4 KiB. What the kernel refuses is refused.
 */
import { STRETCH_PAGES } from '../core/layout.js';
import { KsmdError } from '../errors.js';

export interface KhugepagedTunables {
  /** Pages that a pass looks at. */
  pages_to_scan: number;
  scan_sleep_millisecs: number;
  /** Of a stretch, so many pages may be absent, or map the zero page. */
  max_ptes_none: number;
  /** So many may be mapped elsewhere too. */
  max_ptes_shared: number;
  /** So many may be swapped out. There is no swap here. */
  max_ptes_swap: number;
}

export type KhugepagedTunable = keyof KhugepagedTunables;

interface Range {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

const MAX_UNSIGNED = 2 ** 32 - 1;
const OF_A_STRETCH = { min: 0, max: STRETCH_PAGES - 1 };

const RANGES: Readonly<Record<KhugepagedTunable, Range>> = {
  pages_to_scan: { initial: 8 * STRETCH_PAGES, min: 1, max: MAX_UNSIGNED },
  scan_sleep_millisecs: { initial: 10_000, min: 0, max: MAX_UNSIGNED },
  max_ptes_none: { initial: STRETCH_PAGES - 1, ...OF_A_STRETCH },
  max_ptes_shared: { initial: STRETCH_PAGES / 2, ...OF_A_STRETCH },
  max_ptes_swap: { initial: STRETCH_PAGES / 8, ...OF_A_STRETCH },
};

export const KHUGEPAGED_TUNABLES = Object.keys(RANGES) as KhugepagedTunable[];

export function initialTunables(): KhugepagedTunables {
  return Object.fromEntries(
    KHUGEPAGED_TUNABLES.map((name) => [name, RANGES[name].initial]),
  ) as unknown as KhugepagedTunables;
}

/** ENOENT if there is no such tunable, EINVAL if it does not take the value. */
export function setKhugepagedTunable(
  tunables: KhugepagedTunables,
  name: string,
  value: number | string,
): void {
  const tunable = KHUGEPAGED_TUNABLES.find((known) => known === name);
  if (tunable === undefined) throw new KsmdError('ENOENT', `khugepaged has no tunable '${name}'`);
  const { min, max } = RANGES[tunable];
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max)
    throw new KsmdError(
      'EINVAL',
      `khugepaged/${tunable} takes whole numbers from ${min} to ${max}, not ${value}`,
    );
  tunables[tunable] = number;
}
