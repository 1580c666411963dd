/**
 * The blocks of a recording's file, in order, each checked before anybody sees its payload. What is
 * wrong with the first that is not whole is said; what comes after it is not looked at.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';
import { KsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';
import {
  assertMagic,
  BLOCK_HEAD_BYTES,
  CHECKSUM_BYTES,
  MAGIC,
  MOST_PAYLOAD_BYTES,
  PACKED_DEFLATE,
  PACKED_NOT,
} from './format.js';

export interface Block {
  readonly kind: number;
  readonly payload: Buffer;
  /** Where the next one begins, in bytes. */
  readonly end: number;
}

/** Where the file stops being good, and why. */
export interface Damage {
  readonly at: number;
  readonly what: string;
}

export class BlockFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly length: number,
  ) {}

  static async open(path: string): Promise<BlockFile> {
    let file: FileHandle;
    try {
      // A pipe that nobody writes to is not waited for.
      file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw systemError(error, `cannot read ${quoted(path)}`);
    }
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new KsmdError('EINVAL', `${quoted(path)} is no file`);
      const blocks = new BlockFile(path, file, stat.size);
      assertMagic(await blocks.read(0, Math.min(MAGIC.length, stat.size)), path);
      return blocks;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** From the first on, up to `end`, or up to what is damaged, which is what it returns. */
  async *blocks(end = this.length): AsyncGenerator<Block, Damage | undefined, undefined> {
    for (let at = MAGIC.length; at < end; ) {
      const block = await this.block(at);
      if ('what' in block) return block;
      yield block;
      at = block.end;
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async block(at: number): Promise<Block | Damage> {
    const breaksOff = { at, what: `it breaks off at byte ${at} of ${this.length}` };
    if (this.length - at < BLOCK_HEAD_BYTES) return breaksOff;
    const head = await this.read(at, BLOCK_HEAD_BYTES);
    const length = head.readUInt32LE(2);
    const damaged = { at, what: `it is damaged at byte ${at}` };
    if (length < CHECKSUM_BYTES || length > MOST_PAYLOAD_BYTES + CHECKSUM_BYTES) return damaged;
    const end = at + BLOCK_HEAD_BYTES + length;
    if (end > this.length) return breaksOff;
    const rest = await this.read(at + BLOCK_HEAD_BYTES, length);
    const stored = rest.subarray(0, -CHECKSUM_BYTES);
    if (crc32(stored, crc32(head)) !== rest.readUInt32LE(stored.length)) return damaged;
    const payload = unpacked(head[1] ?? 0, stored);
    return payload === undefined ? damaged : { kind: head[0] ?? 0, payload, end };
  }

  private async read(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.file.read(bytes, 0, length, at);
    if (bytesRead === length) return bytes;
    throw new KsmdError('EIO', `${quoted(this.path)} became shorter while it was read`);
  }
}

function unpacked(packing: number, stored: Buffer): Buffer | undefined {
  if (packing === PACKED_NOT) return stored;
  if (packing !== PACKED_DEFLATE) return undefined;
  try {
    return inflateRawSync(stored, { maxOutputLength: MOST_PAYLOAD_BYTES });
  } catch {
    return undefined;
  }
}
