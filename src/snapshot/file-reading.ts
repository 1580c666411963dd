/** Reading a snapshot file: no fewer bytes than are asked for, and frames many at a time. */
import { readSync } from 'node:fs';
import { KsmdError } from '../errors.js';

/** Bytes read at a time, about. */
export const CHUNK_BYTES = 1 << 20;

/** Fills `bytes` from the file's byte `position` on. EINVAL if the file ends before. */
export function readInto(fd: number, position: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) throw new KsmdError('EINVAL', 'it is cut short');
    done += count;
  }
}

/** Exactly so many bytes. EINVAL if the file ends before. */
export function read(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readInto(fd, position, bytes);
  return bytes;
}

/**
 * The frames of a file, some of them at hand. Pages name them in the order in which they lie there,
 * as far as they do so for the first time, so that each is read once.
 */
export class FrameWindow {
  private readonly bytes: Uint8Array;
  private first = 0;
  private count = 0;

  /** Of `frames` frames, of `frameBytes` each, that begin at the file's byte `position`. */
  constructor(
    private readonly fd: number,
    private readonly position: number,
    private readonly frameBytes: number,
    private readonly frames: number,
  ) {
    this.bytes = new Uint8Array(Math.max(frameBytes, CHUNK_BYTES));
  }

  /** Sees to it that frame `number` is at hand; how many from there on are. */
  bring(number: number): number {
    if (number < this.first || number >= this.first + this.count) this.move(number);
    return this.first + this.count - number;
  }

  /** The bytes of `count` frames from `number` on, all at hand: good until the next `bring`. */
  take(number: number, count: number): Uint8Array {
    const start = (number - this.first) * this.frameBytes;
    return this.bytes.subarray(start, start + count * this.frameBytes);
  }

  private move(number: number): void {
    const { frameBytes } = this;
    this.first = number;
    this.count = Math.min(Math.floor(this.bytes.length / frameBytes), this.frames - number);
    readInto(
      this.fd,
      this.position + number * frameBytes,
      this.bytes.subarray(0, this.count * frameBytes),
    );
  }
}
