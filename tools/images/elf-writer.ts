/** ELF cores as programs write them, in every shape that the format has. */

export interface WrittenSegment {
  readonly vaddr?: number;
  readonly paddr?: number;
  readonly data: Uint8Array;
  /** Default: as many as there are in the file. */
  readonly memoryBytes?: number;
  /** PT_LOAD unless said. */
  readonly type?: number;
}

export interface Shape {
  readonly bits?: 32 | 64;
  readonly littleEndian?: boolean;
  /** ET_CORE unless said. */
  readonly type?: number;
  /** Their number is in the first section header, as for more than 65,534. */
  readonly extended?: boolean;
  /** Bytes between the headers and the first segment's. */
  readonly gap?: number;
}

export function elfCore(segments: readonly WrittenSegment[], shape: Shape = {}): Buffer {
  const { bits = 64, littleEndian = true, type = 4, extended = false, gap = 0 } = shape;
  const wide = bits === 64;
  const [headerBytes, entryBytes, sectionBytes] = wide ? [64, 56, 64] : [52, 32, 40];
  const programAt = headerBytes + (extended ? sectionBytes : 0);
  const dataAt = programAt + segments.length * entryBytes + gap;
  const file = Buffer.alloc(dataAt + segments.reduce((sum, { data }) => sum + data.length, 0));
  const u16 = (at: number, value: number): unknown =>
    littleEndian ? file.writeUInt16LE(value, at) : file.writeUInt16BE(value, at);
  const u32 = (at: number, value: number): unknown =>
    littleEndian ? file.writeUInt32LE(value, at) : file.writeUInt32BE(value, at);
  const word = (at: number, value: number): unknown => {
    if (!wide) return u32(at, value);
    return littleEndian
      ? file.writeBigUInt64LE(BigInt(value), at)
      : file.writeBigUInt64BE(BigInt(value), at);
  };
  file.write('\x7fELF', 0, 'latin1');
  file.set([wide ? 2 : 1, littleEndian ? 1 : 2, 1], 4);
  u16(16, type);
  word(wide ? 32 : 28, segments.length === 0 ? 0 : programAt);
  word(wide ? 40 : 32, extended ? headerBytes : 0);
  const [phentsize, phnum] = wide ? [54, 56] : [42, 44];
  u16(phentsize, entryBytes);
  u16(phnum, extended ? 0xffff : segments.length);
  if (extended) u32(headerBytes + (wide ? 44 : 28), segments.length);
  let position = dataAt;
  const [offset, vaddr, paddr, filesz, memsz] = wide ? [8, 16, 24, 32, 40] : [4, 8, 12, 16, 20];
  for (const [number, segment] of segments.entries()) {
    const at = programAt + number * entryBytes;
    u32(at, segment.type ?? 1);
    word(at + offset, position);
    word(at + vaddr, segment.vaddr ?? 0);
    word(at + paddr, segment.paddr ?? 0);
    word(at + filesz, segment.data.length);
    word(at + memsz, segment.memoryBytes ?? segment.data.length);
    file.set(segment.data, position);
    position += segment.data.length;
  }
  return file;
}
