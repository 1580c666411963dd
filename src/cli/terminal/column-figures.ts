/** Figures in columns that are narrow, or whose heads name the unit. */
import { rate } from '../../wording/amounts.js';

/** In four or five characters, as procps' top writes sizes: 328k, 64m, 1.0g. */
export function briefSize(bytes: number): string {
  const power = bytes < 999.5 * 2 ** 10 ? 1 : bytes < 999.5 * 2 ** 20 ? 2 : 3;
  const value = bytes / 2 ** (10 * power);
  const digits = power > 1 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${digits}${['k', 'm', 'g'][power - 1]}`;
}

/** Under a percent sign. */
export function inHundred(share: number): string {
  return rate(share * 100);
}

/** Nanoseconds, as µs: 1.25. */
export function micro(ns: number): string {
  return (ns / 1000).toFixed(2);
}
