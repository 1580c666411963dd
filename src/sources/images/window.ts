/** Small pieces of an image that lie close together: read a lot at once, and given out of that. */
import { PIECE_BYTES, type Stored } from './bytes.js';

export class Window {
  private position = 0;
  private held: Uint8Array = new Uint8Array(0);

  constructor(private readonly bytes: Stored) {}

  /** At once, if it is held. */
  at(position: number, length: number): Uint8Array | undefined {
    const from = position - this.position;
    return from >= 0 && from + length <= this.held.length
      ? this.held.subarray(from, from + length)
      : undefined;
  }

  /** EINVAL if it lies outside of the image. */
  async read(position: number, length: number, what: string): Promise<Uint8Array> {
    const held = this.at(position, length);
    if (held !== undefined) return held;
    const ahead = Math.max(length, Math.min(PIECE_BYTES, this.bytes.length - position));
    this.held = await this.bytes.read(position, ahead, what);
    this.position = position;
    return this.held.subarray(0, length);
  }
}
