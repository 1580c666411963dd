/** States of pages as run lengths, written in the form of src/protocol/routes/live.ts. */
import type { LongWork } from '../../machine/long-work.js';
import { LONG, UNCHANGED } from '../../protocol/run-lengths.js';

const FIRST_BYTES = 1024;
/** A length of 32 bits takes five bytes, after the one with the state. */
const MOST_ENTRY_BYTES = 6;
/** Pages compared in one call. */
const AT_ONCE = 1024;

class RunLengthWriter {
  private bytes = new Uint8Array(FIRST_BYTES);
  private used = 0;
  private state = UNCHANGED;
  private length = 0;

  /** The next `length` pages are in `state`. */
  add(state: number, length: number): void {
    if (state !== this.state) this.flush();
    this.state = state;
    this.length += length;
  }

  /** All run lengths but a last one that changes nothing. */
  end(): Uint8Array {
    if (this.state !== UNCHANGED) this.flush();
    return this.bytes.subarray(0, this.used);
  }

  private flush(): void {
    const { state, length } = this;
    this.length = 0;
    if (length === 0) return;
    if (this.bytes.length - this.used < MOST_ENTRY_BYTES) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const short = length <= LONG;
    this.bytes[this.used++] = ((short ? length - 1 : LONG) << 4) | state;
    if (short) return;
    let rest = length - LONG - 1;
    for (; rest > 0x7f; rest >>>= 7) this.bytes[this.used++] = (rest & 0x7f) | 0x80;
    this.bytes[this.used++] = rest;
  }
}

/** Slots `from` to before `to`. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/**
 * What turns `before` into `after`, an array as long: empty if they are equal. Only these ranges
 * are compared; they are in order and may overlap.
 */
export function* changedRunLengths(
  before: Uint8Array,
  after: Uint8Array,
  ranges: readonly SlotRange[] = [{ from: 0, to: after.length }],
): LongWork<Uint8Array> {
  const writer = new RunLengthWriter();
  let page = 0;
  for (const { from, to } of ranges) {
    if (to <= page) continue;
    if (from > page) writer.add(UNCHANGED, from - page);
    yield* compare(before, after, Math.max(page, from), to, writer);
    page = to;
  }
  return writer.end();
}

function* compare(
  before: Uint8Array,
  after: Uint8Array,
  from: number,
  to: number,
  writer: RunLengthWriter,
): LongWork {
  // Most pages stay as they were: long ranges are compared at once, by the C library.
  for (let start = from; start < to; start += AT_ONCE) {
    const end = Math.min(to, start + AT_ONCE);
    yield;
    if (Buffer.compare(before.subarray(start, end), after.subarray(start, end)) === 0) {
      writer.add(UNCHANGED, end - start);
      continue;
    }
    for (let page = start; page < end; page++) {
      const state = after[page] ?? UNCHANGED;
      writer.add(state === before[page] ? UNCHANGED : state, 1);
    }
  }
}
