/**
 * Bytes that come one after the other, out of a pipe or a decompressor: taken in the portions that
 * a format has, whatever portions they come in.
 */
import { malformed } from './malformed.js';

const NOTHING = new Uint8Array(0);

export class Forward {
  /** Of the next byte to be taken. */
  position = 0;
  private held: Uint8Array = NOTHING;
  private readonly chunks: AsyncIterator<Uint8Array>;

  /** The chunks are handed on: who makes them does not touch them again. */
  constructor(
    readonly path: string,
    chunks: AsyncIterable<Uint8Array>,
  ) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes, so many or all that are left, without taking them. */
  async peek(length: number): Promise<Uint8Array> {
    if (this.held.length < length) await this.gather(length);
    return this.held.subarray(0, length);
  }

  /** So many, or all that are left. */
  async upTo(length: number): Promise<Uint8Array> {
    const bytes =
      this.held.length < length ? await this.peek(length) : this.held.subarray(0, length);
    this.pass(bytes.length);
    return bytes;
  }

  /** Just so many; EINVAL if there are fewer. `what` they are, for people. */
  async take(length: number, what: string): Promise<Uint8Array> {
    const bytes = await this.upTo(length);
    if (bytes.length < length)
      throw malformed(this.path, `cut short within ${what}`, this.position);
    return bytes;
  }

  async skip(length: number, what: string): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.held.length === 0) await this.gather(1);
      if (this.held.length === 0)
        throw malformed(this.path, `cut short before ${what}`, this.position);
      const passed = Math.min(left, this.held.length);
      this.pass(passed);
      left -= passed;
    }
  }

  /** Whatever is left, as it comes. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.held.length === 0) await this.gather(1);
      const { held } = this;
      if (held.length === 0) return;
      this.pass(held.length);
      yield held;
    }
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private pass(length: number): void {
    this.position += length;
    this.held = this.held.subarray(length);
  }

  /** Until so many are held, or there are no more. */
  private async gather(length: number): Promise<void> {
    const parts = [this.held];
    let total = this.held.length;
    while (total < length) {
      const { value, done } = await this.chunks.next();
      if (done === true) break;
      parts.push(value);
      total += value.length;
    }
    if (parts.length === 1) return;
    this.held =
      parts.length === 2 && parts[0]?.length === 0 ? (parts[1] ?? NOTHING) : joined(parts);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
