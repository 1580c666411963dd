/** Addresses and lengths as they are on the wire (values.ts), read and written. */
import type { Bytes } from './values.js';

/** Bytes of a guest in a row. */
export interface AddressRange {
  readonly address: number;
  readonly length: number;
}

/** The number that a checked `Bytes` or `BytesText` stands for. */
export function toBytes(value: Bytes): number {
  return Number(value);
}

/** Of a checked `AddressRanges`; `length` is less than 0 where a range ends before it begins. */
export function toRanges(text: string): AddressRange[] {
  return text.split(',').map((range) => {
    const [start = 0, end = 0] = range.split('-').map((address) => Number.parseInt(address, 16));
    return { address: start, length: end - start };
  });
}

export function rangesText(ranges: readonly AddressRange[]): string {
  return ranges
    .map(({ address, length }) => `${address.toString(16)}-${(address + length).toString(16)}`)
    .join(',');
}
