/** Images of ranges of memory, as LiME and AVML write them. */
import { snappyCompress } from 'hysnappy';
import { crc32c } from '../../src/sources/images/compression/crc32c.js';

export interface RamRange {
  readonly address: number;
  readonly bytes: Uint8Array;
}

function header(magic: string, version: number, { address, bytes }: RamRange): Buffer {
  const head = Buffer.alloc(32);
  head.write(magic, 'latin1');
  head.writeUInt32LE(version, 4);
  head.writeBigUInt64LE(BigInt(address), 8);
  head.writeBigUInt64LE(BigInt(address + bytes.length - 1), 16);
  return head;
}

/** As LiME's module writes it, and AVML with --source and no compression. */
export function lime(ranges: readonly RamRange[]): Buffer {
  return Buffer.concat(ranges.flatMap((range) => [header('EMiL', 1, range), range.bytes]));
}

/** As AVML --compress: each range a stream of snappy's framing, and its length behind it. */
export function avml(ranges: readonly RamRange[]): Buffer {
  return Buffer.concat(
    ranges.flatMap((range) => {
      const packed = snappyFrames(range.bytes);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(packed.length));
      return [header('AVML', 2, range), packed, length];
    }),
  );
}

function snappyFrames(bytes: Uint8Array): Buffer {
  const chunks = [Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1')];
  for (let from = 0; from < bytes.length; from += 65536) {
    const part = bytes.subarray(from, from + 65536);
    const packed = snappyCompress(part);
    const isSmaller = packed.length < part.length;
    const body = isSmaller ? packed : part;
    const head = Buffer.alloc(8);
    head.writeUInt32LE((isSmaller ? 0 : 1) | ((body.length + 4) << 8), 0);
    const crc = crc32c(part);
    head.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 4);
    chunks.push(head, Buffer.from(body));
  }
  return Buffer.concat(chunks);
}
