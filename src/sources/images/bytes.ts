/**
 * The bytes of an image, wherever they are asked for: those of a file, holes told apart from data;
 * or those of a stream, as long as nobody asks for what has gone by.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Forward } from './forward.js';
import type { Holes } from './holes.js';
import { malformed } from './malformed.js';

/** Of a piece of data: a few, so that what reads ahead holds little. */
export const PIECE_BYTES = 1024 * 1024;

export interface Piece {
  readonly position: number;
  readonly bytes: Uint8Array;
}

interface Span {
  readonly position: number;
  readonly length: number;
}

export interface Bytes {
  readonly path: string;
  /** Undefined if that is known only at the end. */
  readonly length: number | undefined;
  /** Just so many, to be kept; EINVAL if there are fewer. `what` they are, for people. */
  read(position: number, length: number, what: string): Promise<Uint8Array>;
  /**
   * What is there from one position up to another, without the holes: pieces of a multiple of
   * `unit` bytes, but for the last one, and a multiple of it away from `from`.
   */
  data(from: number, to: number, unit: number): AsyncGenerator<Piece, void, undefined>;
}

/** What can be read anywhere, and whose end is known. */
export interface Stored extends Bytes {
  readonly length: number;
  /** All of it in order, holes as zeroes. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

export class FileBytes implements Stored {
  constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly length: number,
    private readonly holes: Holes | undefined,
  ) {}

  async read(position: number, length: number, what: string): Promise<Buffer> {
    if (position + length > this.length)
      throw malformed(this.path, `cut short within ${what}`, Math.min(position, this.length));
    const buffer = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.file.read(buffer, done, length - done, position + done);
      if (bytesRead === 0)
        throw malformed(this.path, `cut short within ${what} as it was read`, position + done);
      done += bytesRead;
    }
    return buffer;
  }

  data(from: number, to: number, unit: number): AsyncGenerator<Piece, void, undefined> {
    return this.pieces(this.spans(from, to, unit, this.holes));
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const all = this.spans(0, this.length, 1, undefined);
    for await (const { bytes } of this.pieces(all)) yield bytes;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** Each is read while the one before it is on its way. */
  private async *pieces(spans: Iterable<Span>): AsyncGenerator<Piece, void, undefined> {
    let next: Promise<Piece> | undefined;
    for (const { position, length } of spans) {
      const ahead = this.read(position, length, 'its memory').then((bytes) => ({
        position,
        bytes,
      }));
      // If the caller stops here, nobody waits for it any more.
      ahead.catch(() => {});
      if (next !== undefined) yield await next;
      next = ahead;
    }
    if (next !== undefined) yield await next;
  }

  private *spans(
    from: number,
    to: number,
    unit: number,
    holes: Holes | undefined,
  ): Generator<Span, void, undefined> {
    const most = Math.max(unit, PIECE_BYTES - (PIECE_BYTES % unit));
    for (let position = from; position < to; ) {
      const data = holes?.dataFrom(position, to) ?? { from: position, to };
      // A hole may begin and end within a unit.
      position = Math.max(position, from + Math.floor((data.from - from) / unit) * unit);
      const end = Math.min(to, from + Math.ceil((data.to - from) / unit) * unit);
      while (position < end) {
        const length = Math.min(most, end - position);
        yield { position, length };
        position += length;
      }
    }
  }
}

/** A stream's, from the beginning on. */
export class ForwardBytes implements Bytes {
  readonly length = undefined;

  constructor(private readonly forward: Forward) {}

  get path(): string {
    return this.forward.path;
  }

  async read(position: number, length: number, what: string): Promise<Uint8Array> {
    await this.goTo(position, what);
    return await this.forward.take(length, what);
  }

  async *data(from: number, to: number): AsyncGenerator<Piece, void, undefined> {
    await this.goTo(from, 'its memory');
    for (let position = from; position < to; ) {
      const bytes = await this.forward.take(Math.min(PIECE_BYTES, to - position), 'its memory');
      yield { position, bytes };
      position += bytes.length;
    }
  }

  private async goTo(position: number, what: string): Promise<void> {
    const back = this.forward.position - position;
    if (back > 0)
      throw malformed(
        this.path,
        `${what} lies ${back} bytes back, where a stream cannot go: give it as a plain file`,
        this.forward.position,
      );
    await this.forward.skip(-back, what);
  }
}
