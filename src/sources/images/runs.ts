/** Pages one by one, put together to runs. */
import type { Run } from '../source.js';
import { PIECE_BYTES } from './bytes.js';

/** Runs that follow one another share a buffer, each its part of it. */
export class Runs {
  private buffer = new Uint8Array(0);
  private from = 0;
  private to = 0;
  private address = 0;

  /** The page is copied. The run that it ended, if it did. */
  add(address: number, page: Uint8Array): Run | undefined {
    const full = this.to + page.length > this.buffer.length;
    const follows = this.address + (this.to - this.from) === address;
    const ended = full || !follows ? this.end() : undefined;
    if (full) {
      this.buffer = new Uint8Array(PIECE_BYTES);
      this.to = 0;
    }
    if (ended !== undefined || this.from === this.to || full) {
      this.from = this.to;
      this.address = address;
    }
    this.buffer.set(page, this.to);
    this.to += page.length;
    return ended;
  }

  /** What is left. */
  end(): Run | undefined {
    const { address, from, to } = this;
    if (from === to) return undefined;
    this.from = to;
    return { type: 'run', address, bytes: this.buffer.subarray(from, to) };
  }
}
