/** kdump-compressed files as programs write them, in every shape that the format has. */

export interface KdumpShape {
  readonly bits?: 32 | 64;
  readonly littleEndian?: boolean;
  readonly pageSize?: number;
  /** Its flags, and what it makes of a page. */
  readonly packing?: { readonly flags: number; readonly pack: (page: Buffer) => Uint8Array };
  /** Of the dump: 8 is incomplete. */
  readonly status?: number;
  readonly split?: boolean;
}

/** `undefined`: a frame that exists and was left out; `null`: one that does not exist. */
export type Frame = Buffer | undefined | null;

export function kdump(frames: readonly Frame[], shape: KdumpShape = {}): Buffer {
  const { bits = 64, littleEndian = true, pageSize = 4096, packing, status = 0 } = shape;
  const wide = bits === 64;
  const bitmapBlocks = 2 * Math.ceil(frames.length / 8 / pageSize);
  const header = Buffer.alloc((2 + bitmapBlocks) * pageSize);
  const u32 = (at: number, value: number): unknown =>
    littleEndian ? header.writeUInt32LE(value, at) : header.writeUInt32BE(value, at);
  const u64 = (to: Buffer, at: number, value: number): unknown =>
    littleEndian ? to.writeBigUInt64LE(BigInt(value), at) : to.writeBigUInt64BE(BigInt(value), at);
  header.write('KDUMP   ', 'latin1');
  u32(8, 6);
  const at = wide ? 424 : 412;
  for (const [index, value] of [status, pageSize, 1, bitmapBlocks, frames.length].entries())
    u32(at + index * 4, value);
  u32(pageSize + (wide ? 12 : 8), shape.split === true ? 1 : 0);
  if (wide) u64(header, pageSize + 96, frames.length);

  const held = frames.filter((frame) => frame instanceof Buffer);
  const descriptors = Buffer.alloc(held.length * 24);
  const data: Uint8Array[] = [];
  const places = new Map<Buffer, number>();
  let next = header.length + descriptors.length;
  let number = 0;
  for (const [index, frame] of frames.entries()) {
    if (frame === null) continue;
    const bit = 1 << (index & 7);
    const bitmap = 2 * pageSize + (index >> 3);
    header[bitmap] = (header[bitmap] ?? 0) | bit;
    if (frame === undefined) continue;
    const second = bitmap + (bitmapBlocks / 2) * pageSize;
    header[second] = (header[second] ?? 0) | bit;
    const packed = packing?.pack(frame) ?? frame;
    const isPacked = packing !== undefined && packed.length < pageSize;
    const bytes = isPacked ? packed : frame;
    // Frames of one buffer share its bytes, as those of zeroes do.
    const place = places.get(frame) ?? next;
    if (place === next) {
      places.set(frame, place);
      data.push(bytes);
      next += bytes.length;
    }
    u64(descriptors, number * 24, place);
    const write32 = (to: number, value: number): unknown =>
      littleEndian ? descriptors.writeUInt32LE(value, to) : descriptors.writeUInt32BE(value, to);
    write32(number * 24 + 8, bytes.length);
    write32(number * 24 + 12, isPacked ? packing.flags : 0);
    number++;
  }
  return Buffer.concat([header, descriptors, ...data]);
}

/** Pieces of a file with their places, in this order, as makedumpfile -F writes them. */
export function flattened(
  pieces: readonly { readonly place: number; readonly bytes: Uint8Array }[],
): Buffer {
  const header = Buffer.alloc(4096);
  header.write('makedumpfile', 'latin1');
  header.writeBigInt64BE(1n, 16);
  header.writeBigInt64BE(1n, 24);
  const record = (place: number, length: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64BE(BigInt(place), 0);
    bytes.writeBigInt64BE(BigInt(length), 8);
    return bytes;
  };
  return Buffer.concat([
    header,
    ...pieces.flatMap(({ place, bytes }) => [record(place, bytes.length), bytes]),
    record(-1, -1),
  ]);
}
