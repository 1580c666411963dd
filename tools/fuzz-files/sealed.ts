/** A snapshot file taken apart and put together again, its checksum right whatever was changed. */
import xxhash from 'xxhash-wasm';
import { CHECKSUM_BYTES, MAGIC } from '../../src/snapshot/format.js';
import type { SnapshotHeader } from '../../src/snapshot/header-schema.js';

const hasher = await xxhash();

export interface SnapshotParts {
  /** MAGIC, if it is not said. */
  magic?: string;
  /** The header's JSON, as text: what is changed need be none. */
  header: string;
  /** Four bytes a page. */
  maps: Uint8Array;
  /** Four bytes a frame, or none. */
  marks: Uint8Array;
  frames: Uint8Array;
}

/** Of a file that is sound. */
export function takenApart(file: Uint8Array): SnapshotParts {
  const bytes = Buffer.from(file);
  const headerAt = MAGIC.length + 4;
  const mapsAt = headerAt + bytes.readUInt32LE(MAGIC.length);
  const header = bytes.toString('utf8', headerAt, mapsAt);
  const { frames, frameBytes, pageSize, marked } = JSON.parse(header) as SnapshotHeader;
  const end = bytes.length - CHECKSUM_BYTES;
  const framesAt = end - frames * (frameBytes ?? pageSize);
  const marksAt = framesAt - (marked === true ? frames * 4 : 0);
  return {
    header,
    maps: Uint8Array.from(bytes.subarray(mapsAt, marksAt)),
    marks: Uint8Array.from(bytes.subarray(marksAt, framesAt)),
    frames: Uint8Array.from(bytes.subarray(framesAt, end)),
  };
}

export function putTogether(parts: SnapshotParts): Buffer {
  const { magic = MAGIC, header, maps, marks, frames } = parts;
  const json = Buffer.from(header);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return sealed(
    Buffer.concat([
      Buffer.from(magic),
      length,
      json,
      maps,
      marks,
      frames,
      Buffer.alloc(CHECKSUM_BYTES),
    ]),
  );
}

/** The file with its last bytes the checksum of all before. */
export function sealed(file: Uint8Array): Buffer {
  const bytes = Buffer.from(file);
  if (bytes.length < CHECKSUM_BYTES) return bytes;
  const end = bytes.length - CHECKSUM_BYTES;
  bytes.writeBigUInt64LE(hasher.create64().update(bytes.subarray(0, end)).digest(), end);
  return bytes;
}
