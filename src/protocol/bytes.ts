/** Addresses and lengths as they come on the wire (values.ts), read. */
import type { Bytes } from './values.js';

/** The number that a checked `Bytes` or `BytesText` stands for. */
export function toBytes(value: Bytes): number {
  return Number(value);
}
