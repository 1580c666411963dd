/**
 * A checksum of a Parquet file, in the file: between its pages and its footer, where no reader of
 * Parquet looks, as all of them go by what the footer says. So whoever of two puts a file in its
 * place last, its checksum is there with it.
 *
 * It tells of damage, of a disk or on a way, and not of who changes a file and means to.
 */
import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const MARK = Buffer.from('ksmd crc32 ');
const SUM_BYTES = 4;
/** What a Parquet file ends with: how long its footer is, and its mark. */
const END_BYTES = 8;
const PARQUET = 'PAR1';
const PART_BYTES = 2 ** 20;

/** `none`: it was written before there were any. */
export type Seal = 'intact' | 'broken' | 'none';

/** Of a file that nobody reads yet. */
export async function seal(path: string): Promise<void> {
  const bytes = await readFile(path);
  const footerAt = footerOf(bytes.subarray(-END_BYTES), bytes.length);
  const sum = Buffer.alloc(SUM_BYTES);
  const pages = bytes.subarray(0, footerAt);
  const footer = bytes.subarray(footerAt);
  sum.writeUInt32LE([pages, MARK, footer].reduce((crc, part) => crc32(part, crc), 0));
  await writeFile(path, Buffer.concat([pages, MARK, sum, footer]));
}

/** Reads all of it, once. */
export async function sealOf(path: string): Promise<Seal> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const end = await bytesAt(file, size - END_BYTES, END_BYTES);
    const footerAt = footerOf(end, size);
    const sealAt = footerAt - MARK.length - SUM_BYTES;
    if (sealAt < 0) return footerAt < 0 ? 'broken' : 'none';
    const found = await bytesAt(file, sealAt, MARK.length + SUM_BYTES);
    if (!found.subarray(0, MARK.length).equals(MARK)) return 'none';
    const pages = await sumOf(file, 0, sealAt + MARK.length, 0);
    const all = await sumOf(file, footerAt, size, pages);
    return all === found.readUInt32LE(MARK.length) ? 'intact' : 'broken';
  } finally {
    await file.close();
  }
}

/** Where the footer begins; below 0: it is no Parquet file. */
function footerOf(end: Buffer, size: number): number {
  if (end.toString('latin1', SUM_BYTES) !== PARQUET) return -1;
  return size - END_BYTES - end.readUInt32LE(0);
}

/** Fewer where there are no more. */
async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(length),
    0,
    length,
    Math.max(position, 0),
  );
  return buffer.subarray(0, bytesRead);
}

async function sumOf(file: FileHandle, from: number, to: number, before: number): Promise<number> {
  const part = Buffer.allocUnsafe(Math.min(PART_BYTES, to - from));
  let crc = before;
  for (let at = from; at < to; ) {
    const { bytesRead } = await file.read(part, 0, Math.min(part.length, to - at), at);
    if (bytesRead === 0) break;
    crc = crc32(part.subarray(0, bytesRead), crc);
    at += bytesRead;
  }
  return crc;
}
