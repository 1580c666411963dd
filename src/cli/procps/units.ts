/** The units that procps' vmstat writes memory in. */

/** Bytes, by procps' letters. */
export const UNITS = { k: 1000, K: 1024, m: 1_000_000, M: 2 ** 20 } as const;
export type Unit = keyof typeof UNITS;
