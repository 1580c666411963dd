/** A block of snappy, unpacked by hysnappy, which does not ask whether its length is as it says. */
import { snappyUncompressor } from 'hysnappy';

/** Unpacks blocks of so many bytes at most; undefined for one that is damaged or has more. */
export type Unsnappy = (block: Uint8Array, mostBytes: number) => Uint8Array | undefined;

export function unsnappy(): Unsnappy {
  let uncompress = snappyUncompressor();
  return (block, mostBytes) => {
    const length = lengthOf(block);
    if (length > mostBytes) return undefined;
    try {
      return uncompress(block, length);
    } catch {
      // What a damaged block has done to the module's memory is of no account to a new one.
      uncompress = snappyUncompressor();
      return undefined;
    }
  };
}

/** Of what is in the block: a varint at its beginning. */
function lengthOf(block: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return length;
  }
  return length;
}
