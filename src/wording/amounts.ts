/**
 * Sizes, counts, shares and lengths of time as people read them, in a terminal and in a browser.
 *
 * The browser loads this as it is: nothing is imported.
 */
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const TENTHS = { maximumFractionDigits: 1, useGrouping: false } as const;
const CUT_OFF = new Intl.NumberFormat('en', { ...TENTHS, roundingMode: 'trunc' });
const ROUNDED_UP = new Intl.NumberFormat('en', { ...TENTHS, roundingMode: 'ceil' });

/** No more is said than there is: the last digit is cut off, not rounded. */
export function size(bytes: number): string {
  return inUnits(bytes, CUT_OFF);
}

/** Of what has to fit somewhere: no less is said than there is. */
export function sizeAtMost(bytes: number): string {
  return inUnits(bytes, ROUNDED_UP);
}

function inUnits(bytes: number, format: Intl.NumberFormat): string {
  let scaled = bytes;
  let unit = 0;
  for (; Math.abs(scaled) >= 1024 && unit < BYTE_UNITS.length - 1; unit++) scaled /= 1024;
  return `${format.format(scaled)} ${BYTE_UNITS[unit]}`;
}

/** A number, its thousands apart: 16,384. */
export function figure(value: number): string {
  return value.toLocaleString('en');
}

/** One that may be less than 1: 1,250.5. */
export function rate(value: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${figure(value)} ${value === 1 ? one : many}`;
}

export function percent(share: number): string {
  return `${rate(share * 100)} %`;
}

/** A share as it was asked for, however little: three figures. */
export function askedPercent(share: number): string {
  return `${(share * 100).toLocaleString('en', { maximumSignificantDigits: 3 })} %`;
}

/** A length of time, as coarse as it is long. */
export function duration(ms: number): string {
  // By what is left once it is rounded.
  if (ms < 999.5) return `${ms > 0 && ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 100) return `${minutes} min`;
  return minutes < 2880 ? `${(minutes / 60).toFixed(1)} h` : upTime(ms);
}

/** How long a thing has been there: 0:12, 1:50, 3:07:12, 7d 3h. */
export function upTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  if (hours >= 24) return `${Math.floor(hours / 24)}d ${hours % 24}h`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60) % 60;
  const least = hours === 0 ? String(minutes) : `${hours}:${two(minutes)}`;
  return `${least}:${two(seconds % 60)}`;
}
