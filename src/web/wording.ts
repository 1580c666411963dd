/** Numbers, sizes and addresses as people read them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
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

export function count(value: number): string {
  return whole.format(value);
}

/** With three digits that count: 1.2M. */
export function compact(value: number): string {
  return short.format(value);
}

export function bytes(value: number): string {
  const unit = Math.min(
    UNITS.length - 1,
    value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value)) / 10),
  );
  const scaled = value / 1024 ** unit;
  return (
    `${scaled.toFixed(unit === 0 || Math.abs(scaled) >= 100 ? 0 : 1)} ` +
    `${UNITS[Math.max(0, unit)]}`
  );
}

/** A size in MiB, without the unit; what is less than a tenth is told from nothing. */
export function mib(value: number): string {
  const scaled = value / 2 ** 20;
  return scaled > 0 && scaled < 0.1 ? '< 0.1' : tenths.format(scaled);
}

/** 0 to 1, in percent. */
export function percent(share: number): string {
  return (
    `${(share * 100).toFixed((share > 0 && share < 0.1) || (share > 0.99 && share < 1) ? 1 : 0)} ` +
    '%'
  );
}
