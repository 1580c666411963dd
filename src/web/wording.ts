/** Times, and numbers that are to be short: all others are as in the terminal. */

const time = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const tenths = new Intl.NumberFormat('en', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** The time of day, of a moment in milliseconds since 1970. */
export function clock(ms: number): string {
  return time.format(ms);
}

/** With three digits that count: 1.2M. */
export function compact(value: number): string {
  return short.format(value);
}

/** A size in MiB, without the unit; what is less than a tenth is told from nothing. */
export function mib(value: number): string {
  const scaled = value / 2 ** 20;
  return scaled > 0 && scaled < 0.1 ? '< 0.1' : tenths.format(scaled);
}
