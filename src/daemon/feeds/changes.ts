/** Counters and tunables between two looks. */
import type { TunableValue } from '../../ksm/tunables.js';

export type Values = Record<string, TunableValue>;

/** Those that have another value now. */
export function changes(before: Values, now: Values): Values {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value));
}
