/**
 * The kernel's FUSE protocol, as far as a file system of small texts needs it: requests from bytes,
 * answers to bytes. No file, no state.
 *
 * Version 7 of the protocol has been the only one since 2006; what came with its minor versions is
 * asked for as the mount begins, and nothing newer than 7.31 (Linux 5.4) is.
 */
import { constants } from 'node:os';
import type { Errno } from '../../../errors.js';
import { STRUCTS } from './structs.js';

/** What is answered; whatever else the kernel asks for is told ENOSYS, and seldom asked again. */
export const OPCODES = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  ACCESS: 34,
  CREATE: 35,
  DESTROY: 38,
  BATCH_FORGET: 42,
  RENAME2: 45,
  TMPFILE: 51,
} as const;

export const ROOT_NODE = 1;
/** Every read and write comes here, whatever the size of the file is said to be. */
export const FOPEN_DIRECT_IO = 1;
/** An inode number that is not known. */
export const UNKNOWN_INO = 0xffffffff;
/** Of fuse_setattr_in's valid: mode, owner and group. */
export const FATTR_PERMISSIONS = 0b111;

const MAJOR = 7;
const MINOR = 31;
/** Opening with O_TRUNC is one request. */
export const ATOMIC_O_TRUNC = 1 << 3;
/** The least that it takes; more is not written to any of these files. */
export const MAX_WRITE = 4096;
/** The kernel hands no request to a buffer that is smaller. */
export const REQUEST_BYTES = 8192;

export interface Request {
  readonly opcode: number;
  readonly unique: number;
  readonly node: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/** Takes a copy of its bytes. */
export function readRequest(bytes: Buffer): Request {
  const { opcode, unique, nodeid } = STRUCTS.fuse_in_header.read(bytes);
  const body = Buffer.from(bytes.subarray(STRUCTS.fuse_in_header.bytes));
  return { opcode, unique, node: nodeid, body };
}

/** The name that a request is about. */
export function nameOf({ body }: Request): string {
  return body.toString('utf8', 0, body.indexOf(0));
}

export function answer(unique: number, ...parts: readonly Buffer[]): Buffer {
  const len = parts.reduce((sum, part) => sum + part.length, STRUCTS.fuse_out_header.bytes);
  return Buffer.concat([STRUCTS.fuse_out_header.write({ len, error: 0, unique }), ...parts]);
}

export function refusal(unique: number, errno: Errno): Buffer {
  const len = STRUCTS.fuse_out_header.bytes;
  return STRUCTS.fuse_out_header.write({ len, error: -constants.errno[errno], unique });
}

/** The answer to INIT; undefined if the kernel's protocol is another one. */
export function initAnswer({ unique, body }: Request): Buffer | undefined {
  const asked = STRUCTS.fuse_init_in.read(body);
  if (asked.major !== MAJOR) return undefined;
  const answered = STRUCTS.fuse_init_out.write({
    major: MAJOR,
    minor: MINOR,
    max_readahead: asked.max_readahead,
    flags: asked.flags & ATOMIC_O_TRUNC,
    max_write: MAX_WRITE,
    time_gran: 1,
  });
  return answer(unique, answered);
}

export interface Attributes {
  readonly ino: number;
  readonly size: number;
  /** With its type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly time: number;
}

function attributes({ time, ...attributes }: Attributes): Buffer {
  return STRUCTS.fuse_attr.write({
    ...attributes,
    atime: time,
    mtime: time,
    ctime: time,
    // Of a directory: how many are in it is not told.
    nlink: 1,
    blksize: MAX_WRITE,
  });
}

/** Valid for: seconds in which the kernel need not ask again. */
export function entryAnswer(
  unique: number,
  entry: Attributes,
  validFor: { readonly name: number; readonly attributes: number },
): Buffer {
  const head = STRUCTS.fuse_entry_out.write({
    nodeid: entry.ino,
    entry_valid: validFor.name,
    attr_valid: validFor.attributes,
  });
  return answer(unique, head, attributes(entry));
}

export function attributesAnswer(unique: number, entry: Attributes, validFor: number): Buffer {
  return answer(unique, STRUCTS.fuse_attr_out.write({ attr_valid: validFor }), attributes(entry));
}

export function openAnswer(unique: number, handle: number, flags: number): Buffer {
  return answer(unique, STRUCTS.fuse_open_out.write({ fh: handle, open_flags: flags }));
}

export interface DirectoryEntry {
  readonly name: string;
  /** With its type. */
  readonly mode: number;
}

/** The entries from the `offset`-th on that fit into so many bytes. */
export function directoryAnswer(
  unique: number,
  entries: readonly DirectoryEntry[],
  offset: number,
  size: number,
): Buffer {
  const parts: Buffer[] = [];
  let room = size;
  for (const [index, { name, mode }] of entries.entries()) {
    if (index < offset) continue;
    const bytes = Buffer.from(name);
    const head = STRUCTS.fuse_dirent.write({
      ino: UNKNOWN_INO,
      off: index + 1,
      namelen: bytes.length,
      // DT_DIR and DT_REG are the type bits of the mode.
      type: mode >> 12,
    });
    const padding = Buffer.alloc((8 - (bytes.length % 8)) % 8);
    const length = head.length + bytes.length + padding.length;
    if (length > room) break;
    room -= length;
    parts.push(head, bytes, padding);
  }
  return answer(unique, ...parts);
}

export function statfsAnswer(unique: number): Buffer {
  const { fuse_kstatfs } = STRUCTS;
  return answer(unique, fuse_kstatfs.write({ bsize: MAX_WRITE, frsize: MAX_WRITE, namelen: 255 }));
}

export function writeAnswer(unique: number, size: number): Buffer {
  return answer(unique, STRUCTS.fuse_write_out.write({ size }));
}

/** Nodes that the kernel has forgotten, and how many of its looks at each. */
export function forgotten({ opcode, node, body }: Request): { node: number; looks: number }[] {
  const { fuse_forget_in, fuse_batch_forget_in, fuse_forget_one } = STRUCTS;
  if (opcode === OPCODES.FORGET) return [{ node, looks: fuse_forget_in.read(body).nlookup }];
  const { count } = fuse_batch_forget_in.read(body);
  return Array.from({ length: count }, (_, i) => {
    const one = fuse_forget_one.read(body, fuse_batch_forget_in.bytes + i * fuse_forget_one.bytes);
    return { node: one.nodeid, looks: one.nlookup };
  });
}
