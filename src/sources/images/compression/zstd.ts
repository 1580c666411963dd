/**
 * What is in a zstd file: frames of blocks (RFC 8878). Where each begins and how much memory it
 * takes is read here, and its checksum is compared; fzstd unpacks it.
 */
import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';
import { Fields } from '../fields.js';
import type { Forward } from '../forward.js';
import { malformed } from '../malformed.js';
import { frameHeader } from './zstd-frame.js';

const MAGIC = 0xfd2fb528;
/** Any of sixteen: a frame for others to read. */
const SKIPPABLE = 0x184d2a5;
/** What zstd itself takes unless told otherwise. */
const MOST_WINDOW_BYTES = 128 * 1024 * 1024;
const MOST_BLOCK_BYTES = 128 * 1024;
const RLE = 1;
const RESERVED = 3;

/** Rejects with EINVAL if it is damaged, cut, or would take too much memory. */
export async function* unzstd(packed: Forward): AsyncGenerator<Uint8Array, void, undefined> {
  const { create64 } = await xxhash();
  for (;;) {
    const start = packed.position;
    const magic = await packed.upTo(4);
    if (magic.length === 0) return;
    if (magic.length < 4) throw malformed(packed.path, 'cut short within a zstd frame', start);
    const first = new Fields(magic, true).u32(0);
    if (first >>> 4 === SKIPPABLE) {
      const size = new Fields(await packed.take(4, 'a zstd frame'), true).u32(0);
      await packed.skip(size, 'the end of a zstd frame');
      continue;
    }
    if (first !== MAGIC) throw malformed(packed.path, 'no zstd frame where one is due', start);
    const { bytes, windowBytes, checked } = frameHeader(await packed.peek(10), packed.path, start);
    if (windowBytes > MOST_WINDOW_BYTES)
      throw malformed(packed.path, `a zstd window of ${windowBytes} bytes`, start);
    const unpacked: Uint8Array[] = [];
    const decoder = new Decompress((chunk) => unpacked.push(chunk));
    const checksum = create64();
    const push = function* (part: Uint8Array): Generator<Uint8Array, void, undefined> {
      decoder.push(part);
      for (const chunk of unpacked.splice(0)) {
        checksum.update(chunk);
        // fzstd goes on to use what it has given.
        yield chunk.slice();
      }
    };
    try {
      yield* push(magic);
      yield* push(await packed.take(bytes, 'a zstd frame'));
      for (let last = false; !last; ) {
        const header = await packed.take(3, 'a zstd block');
        const word = (header[0] ?? 0) | ((header[1] ?? 0) << 8) | ((header[2] ?? 0) << 16);
        last = (word & 1) === 1;
        const type = (word >> 1) & 3;
        const size = word >> 3;
        if (type === RESERVED || size > MOST_BLOCK_BYTES)
          throw malformed(packed.path, 'a zstd block that cannot be', packed.position - 3);
        yield* push(header);
        yield* push(await packed.take(type === RLE ? 1 : size, 'a zstd block'));
      }
      if (checked) {
        const given = await packed.take(4, 'a zstd checksum');
        if (new Fields(given, true).u32(0) !== Number(checksum.digest() & 0xffffffffn))
          throw malformed(packed.path, 'a zstd checksum that does not agree', packed.position - 4);
      }
    } catch (error) {
      throw damaged(error, packed);
    }
  }
}

/** fzstd's own errors have a number of its own; ours have a place already. */
function damaged(error: unknown, { path, position }: Forward): unknown {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'number'
    ? malformed(path, `its zstd is damaged (${error.message})`, position)
    : error instanceof RangeError || error instanceof TypeError
      ? malformed(path, 'its zstd is damaged', position)
      : error;
}
