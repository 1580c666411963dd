/** Snappy's framing: chunks of at most 64 KiB, each with its checksum. */
import { Fields } from '../fields.js';
import type { Forward } from '../forward.js';
import { malformed } from '../malformed.js';
import { crc32c } from './crc32c.js';
import { unsnappy } from './snappy.js';

const STORED = 1;
/** From here on a reader passes over what it does not know; what begins a stream is among them. */
const SKIPPABLE = 0x80;
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;
const MOST_BYTES = 65536;
/** What a block can grow by that does not pack at all, and the checksum. */
const MOST_CHUNK_BYTES = MOST_BYTES + MOST_BYTES / 6 + 64;

/** Chunks until `length` bytes have come of them. EINVAL if one is damaged, or there are others. */
export async function* unsnappied(
  packed: Forward,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { path } = packed;
  const unpack = unsnappy();
  for (let left = length; left > 0; ) {
    const at = packed.position;
    const word = new Fields(await packed.take(HEADER_BYTES, 'a snappy chunk'), true).u32(0);
    const type = word & 0xff;
    const size = word >>> 8;
    if (type >= SKIPPABLE) {
      await packed.skip(size, 'the end of a snappy chunk');
      continue;
    }
    // 0: packed.
    if (type > STORED || size < CHECKSUM_BYTES || size > MOST_CHUNK_BYTES)
      throw malformed(path, 'a snappy chunk of no known kind', at);
    const chunk = await packed.take(size, 'a snappy chunk');
    const block = chunk.subarray(CHECKSUM_BYTES);
    const bytes = type === STORED ? block : unpack(block, Math.min(left, MOST_BYTES));
    if (bytes === undefined || bytes.length === 0 || bytes.length > left)
      throw malformed(path, 'a damaged snappy chunk', at);
    if (masked(crc32c(bytes)) !== new Fields(chunk, true).u32(0))
      throw malformed(path, 'a checksum that does not agree with its snappy chunk', at);
    left -= bytes.length;
    yield bytes;
  }
}

/** As snappy stores it, so that a checksum of a checksum is no trivial one. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
