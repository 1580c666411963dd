/**
 * The ranges of addresses that an image has, and where in it their bytes are: brought into the
 * order of their addresses, none over another, of whole pages.
 */
import type { LeftOut, Mapping } from '../source.js';

/** Untouched pages cost less than one more region. */
const MAX_GAP_BYTES = 256 * 1024;
/** A guest has no addresses from here on. */
const ADDRESS_LIMIT = 2 ** 47;

export interface Addresses {
  readonly address: number;
  /** Bytes. */
  readonly length: number;
}

export interface Range extends Addresses {
  /** Where the first of its bytes is. */
  readonly position: number;
  /** Bytes that there are; the rest of the range is untouched. */
  readonly present: number;
}

export interface WholePages {
  /** By address. */
  readonly ranges: readonly Range[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * What two ranges have in common is the first one's. Pages of which a range has only a part are
 * left out, and what is higher than a guest's addresses can be.
 */
export function wholePages(ranges: readonly Range[], pageSize: number): WholePages {
  const whole: Range[] = [];
  let inPart = 0;
  let tooHigh = 0;
  for (const range of joined(disjoint(ranges))) {
    const from = Math.ceil(range.address / pageSize) * pageSize;
    const to = Math.floor((range.address + range.length) / pageSize) * pageSize;
    if (range.address + range.length > ADDRESS_LIMIT) {
      tooHigh += range.present;
    } else if (to <= from) {
      inPart += range.length;
    } else {
      const before = from - range.address;
      inPart += range.length - (to - from);
      whole.push({
        address: from,
        length: to - from,
        position: range.position + before,
        present: Math.min(to - from, Math.max(0, range.present - before)),
      });
    }
  }
  const leftOut = [
    { reason: 'of pages that are there in part', bytes: inPart },
    { reason: 'at addresses that no guest has', bytes: tooHigh },
  ].filter(({ bytes }) => bytes > 0);
  return { ranges: whole, leftOut };
}

/** What becomes regions: ranges by address, those that are close to each other together. */
export async function* mappingsOf(
  ranges: Iterable<Addresses> | AsyncIterable<Addresses>,
  pageSize: number,
): AsyncGenerator<Mapping, void, undefined> {
  let from = 0;
  let to = Number.NEGATIVE_INFINITY;
  const mapping = (): Mapping => ({
    type: 'mapping',
    address: from,
    pages: (to - from) / pageSize,
  });
  for await (const { address, length } of ranges) {
    if (address - to > MAX_GAP_BYTES) {
      if (to > from) yield mapping();
      from = address;
    }
    to = address + length;
  }
  if (to > from) yield mapping();
}

function disjoint(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  let end = 0;
  for (const range of ranges.toSorted((a, b) => a.address - b.address || b.present - a.present)) {
    const cut = Math.max(0, end - range.address);
    if (cut >= range.length) continue;
    found.push({
      address: range.address + cut,
      length: range.length - cut,
      position: range.position + cut,
      present: Math.max(0, range.present - cut),
    });
    end = range.address + range.length;
  }
  return found;
}

/** Those that follow one another in addresses and in the image, as one. */
function joined(ranges: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const range of ranges) {
    const last = found.at(-1);
    if (
      last !== undefined &&
      last.present === last.length &&
      last.address + last.length === range.address &&
      last.position + last.length === range.position
    )
      found[found.length - 1] = {
        ...last,
        length: last.length + range.length,
        present: last.length + range.present,
      };
    else found.push(range);
  }
  return found;
}
