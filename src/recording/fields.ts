/**
 * Numbers and texts as records have them: whole numbers in groups of seven bits, the lowest first,
 * texts with their length before. Whoever reads believes nothing: what does not fit is refused.
 */
import { KsmdError } from '../errors.js';

const MOST_TEXT_BYTES = 65_536;
/** Above it a number is no whole one any more. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Grows as it is written to, and is used again. */
export class FieldWriter {
  private buffer = Buffer.alloc(64 * 1024);
  length = 0;
  /** Of them, those that were written as they were. */
  rawBytes = 0;

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    this.rawBytes = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** A whole number, not negative. */
  number(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
  }

  /** A whole number of either sign. */
  signed(value: number): void {
    this.number(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.number(bytes.length);
    this.put(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.put(bytes);
    this.rawBytes += bytes.length;
  }

  private put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

export class FieldReader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  get isAtEnd(): boolean {
    return this.at === this.buffer.length;
  }

  byte(): number {
    const value = this.buffer[this.at++];
    if (value === undefined) throw tooShort();
    return value;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= MOST; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > MOST) throw new KsmdError('EINVAL', 'a number in it is too large');
      if (byte < 0x80) return value;
    }
    throw new KsmdError('EINVAL', 'a number in it has no end');
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const length = this.number();
    if (length > MOST_TEXT_BYTES) throw new KsmdError('EINVAL', 'a text in it is too long');
    return this.raw(length).toString('utf8');
  }

  /** A view of so many bytes. */
  raw(length: number): Buffer {
    const end = this.at + length;
    if (end > this.buffer.length) throw tooShort();
    const bytes = this.buffer.subarray(this.at, end);
    this.at = end;
    return bytes;
  }
}

function tooShort(): KsmdError {
  return new KsmdError('EINVAL', 'a record in it ends early');
}
