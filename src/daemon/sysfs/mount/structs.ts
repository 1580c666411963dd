/**
 * The structures of the kernel's FUSE protocol that are used here, as <linux/fuse.h> has them, and
 * how one is read and written.
 *
 * Numbers of 64 bits are exact up to 2^53: node ids and handles are given out here, and no request
 * number comes near. All are in the byte order of the machine, taken to be little-endian; on any
 * other the first request makes no sense, and is told so.
 */

const BYTES = { u16: 2, u32: 4, i32: 4, u64: 8 } as const;
type Width = keyof typeof BYTES;

type Fields = Readonly<Record<string, Width>>;
type Values<F extends Fields> = { readonly [Name in keyof F]: number };

export class Struct<F extends Fields> {
  readonly bytes: number;
  /** Byte offsets of the fields. */
  readonly offsets: ReadonlyMap<string, number>;

  /** Fields in their order; the kernel's structures leave no holes between them. */
  constructor(private readonly fields: F) {
    let offset = 0;
    this.offsets = new Map(
      Object.entries(fields).map(([name, width]) => {
        const at = offset;
        offset += BYTES[width];
        return [name, at];
      }),
    );
    this.bytes = offset;
  }

  read(buffer: Buffer, start = 0): Values<F> {
    const values: Record<string, number> = {};
    for (const [name, at] of this.offsets)
      values[name] = readNumber(buffer, start + at, this.fields[name] ?? 'u32');
    return values as Values<F>;
  }

  /** Fields that are not named are 0. */
  write(values: Partial<Values<F>>): Buffer {
    const buffer = Buffer.alloc(this.bytes);
    for (const [name, at] of this.offsets) {
      const value = values[name] ?? 0;
      if (value !== 0) writeNumber(buffer, at, this.fields[name] ?? 'u32', value);
    }
    return buffer;
  }
}

function readNumber(buffer: Buffer, at: number, width: Width): number {
  if (width === 'u64') return Number(buffer.readBigUInt64LE(at));
  if (width === 'i32') return buffer.readInt32LE(at);
  return width === 'u32' ? buffer.readUInt32LE(at) : buffer.readUInt16LE(at);
}

function writeNumber(buffer: Buffer, at: number, width: Width, value: number): void {
  if (width === 'u64') buffer.writeBigUInt64LE(BigInt(value), at);
  else if (width === 'i32') buffer.writeInt32LE(value, at);
  else if (width === 'u32') buffer.writeUInt32LE(value, at);
  else buffer.writeUInt16LE(value, at);
}

const ATTR = {
  ino: 'u64',
  size: 'u64',
  blocks: 'u64',
  atime: 'u64',
  mtime: 'u64',
  ctime: 'u64',
  atimensec: 'u32',
  mtimensec: 'u32',
  ctimensec: 'u32',
  mode: 'u32',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  rdev: 'u32',
  blksize: 'u32',
  flags: 'u32',
} as const satisfies Fields;

/** By the names of the kernel's structures, fields by those of the kernel's. */
export const STRUCTS = {
  fuse_in_header: new Struct({
    len: 'u32',
    opcode: 'u32',
    unique: 'u64',
    nodeid: 'u64',
    uid: 'u32',
    gid: 'u32',
    pid: 'u32',
    total_extlen: 'u16',
    padding: 'u16',
  }),
  fuse_out_header: new Struct({ len: 'u32', error: 'i32', unique: 'u64' }),
  /** Kernels before 5.16 end after flags. */
  fuse_init_in: new Struct({ major: 'u32', minor: 'u32', max_readahead: 'u32', flags: 'u32' }),
  fuse_init_out: new Struct({
    major: 'u32',
    minor: 'u32',
    max_readahead: 'u32',
    flags: 'u32',
    max_background: 'u16',
    congestion_threshold: 'u16',
    max_write: 'u32',
    time_gran: 'u32',
    max_pages: 'u16',
    map_alignment: 'u16',
    flags2: 'u32',
    unused0: 'u32',
    unused1: 'u32',
    unused2: 'u32',
    unused3: 'u32',
    unused4: 'u32',
    unused5: 'u32',
    unused6: 'u32',
  }),
  fuse_attr: new Struct(ATTR),
  /** With its attributes behind it. */
  fuse_entry_out: new Struct({
    nodeid: 'u64',
    generation: 'u64',
    entry_valid: 'u64',
    attr_valid: 'u64',
    entry_valid_nsec: 'u32',
    attr_valid_nsec: 'u32',
  }),
  /** With its attributes behind it. */
  fuse_attr_out: new Struct({ attr_valid: 'u64', attr_valid_nsec: 'u32', dummy: 'u32' }),
  fuse_forget_in: new Struct({ nlookup: 'u64' }),
  fuse_batch_forget_in: new Struct({ count: 'u32', dummy: 'u32' }),
  fuse_forget_one: new Struct({ nodeid: 'u64', nlookup: 'u64' }),
  /** Only its beginning. */
  fuse_setattr_in: new Struct({ valid: 'u32', padding: 'u32' }),
  fuse_open_in: new Struct({ flags: 'u32', open_flags: 'u32' }),
  fuse_open_out: new Struct({ fh: 'u64', open_flags: 'u32', padding: 'u32' }),
  /** Only its beginning. */
  fuse_release_in: new Struct({ fh: 'u64' }),
  fuse_read_in: new Struct({
    fh: 'u64',
    offset: 'u64',
    size: 'u32',
    read_flags: 'u32',
    lock_owner: 'u64',
    flags: 'u32',
    padding: 'u32',
  }),
  fuse_write_in: new Struct({
    fh: 'u64',
    offset: 'u64',
    size: 'u32',
    write_flags: 'u32',
    lock_owner: 'u64',
    flags: 'u32',
    padding: 'u32',
  }),
  fuse_write_out: new Struct({ size: 'u32', padding: 'u32' }),
  fuse_kstatfs: new Struct({
    blocks: 'u64',
    bfree: 'u64',
    bavail: 'u64',
    files: 'u64',
    ffree: 'u64',
    bsize: 'u32',
    namelen: 'u32',
    frsize: 'u32',
    padding: 'u32',
    spare0: 'u32',
    spare1: 'u32',
    spare2: 'u32',
    spare3: 'u32',
    spare4: 'u32',
    spare5: 'u32',
  }),
  /** With its name behind it. */
  fuse_dirent: new Struct({ ino: 'u64', off: 'u64', namelen: 'u32', type: 'u32' }),
};
