/**
 * The headers of a kdump-compressed file, whose structures are those of the C compiler of the
 * machine that was dumped: of 32 or 64 bits, of either byte order.
 */
import { KsmdError } from '../../../errors.js';
import type { Stored } from '../bytes.js';
import { Fields } from '../fields.js';
import { malformed } from '../malformed.js';

const HEADER_BYTES = 512;
const VERSION_AT = 8;
const LAST_VERSION = 6;
/** Before that, nothing is told of split files and of more than 2^32 pages. */
const VERSION_OF_SPLIT = 2;
const VERSION_OF_MAPNR_64 = 6;
/** Written when there was no room left for all of it. */
const INCOMPLETE = 8;
const MOST_PAGE_BYTES = 65536;
const LEAST_PAGE_BYTES = 4096;

/** Where the fields begin that follow the time of the dump. */
const STATUS_AT = { 32: 412, 64: 424 } as const;
const SPLIT_AT = { 32: 8, 64: 12 } as const;
const MAPNR_64_AT = 96;

export interface KdumpHeader {
  readonly littleEndian: boolean;
  readonly pageSize: number;
  /** Page frames, from 0 on. */
  readonly frames: number;
  /** Where the bits are of the frames that exist, and then of those that are in the file. */
  readonly bitmapAt: number;
  /** Of one of the two bitmaps. */
  readonly bitmapBytes: number;
}

/** EINVAL if it is none, or a part of one. */
export async function readHeader(bytes: Stored): Promise<KdumpHeader> {
  const { path } = bytes;
  const header = await bytes.read(0, HEADER_BYTES, 'the kdump header');
  const littleEndian = new Fields(header, true).u32(VERSION_AT) <= LAST_VERSION;
  const fields = new Fields(header, littleEndian);
  const version = fields.u32(VERSION_AT);
  if (version > LAST_VERSION) throw malformed(path, `kdump version ${version}`, VERSION_AT);

  const bits = ([32, 64] as const).find((wide) => {
    const pageSize = fields.u32(STATUS_AT[wide] + 4);
    const isPower = (pageSize & (pageSize - 1)) === 0;
    const isSize = pageSize >= LEAST_PAGE_BYTES && pageSize <= MOST_PAGE_BYTES && isPower;
    // A sub-header there has always been.
    return isSize && fields.u32(STATUS_AT[wide] + 8) > 0;
  });
  if (bits === undefined)
    throw malformed(path, 'a kdump header of no known page size', STATUS_AT[64] + 4);
  const statusAt = STATUS_AT[bits];
  if ((fields.u32(statusAt) & INCOMPLETE) !== 0)
    throw malformed(path, 'marked incomplete: there was no room for all of the dump', statusAt);
  const pageSize = fields.u32(statusAt + 4);
  const subBlocks = fields.u32(statusAt + 8);
  const bitmapBlocks = fields.u32(statusAt + 12);
  let frames = fields.u32(statusAt + 16);

  const sub = new Fields(
    await bytes.read(pageSize, HEADER_BYTES, 'the kdump header'),
    littleEndian,
  );
  if (version >= VERSION_OF_SPLIT && sub.u32(SPLIT_AT[bits]) !== 0)
    throw new KsmdError(
      'EINVAL',
      `${path} is one of several parts of a dump: 'makedumpfile --reassemble' makes one of them`,
    );
  if (version >= VERSION_OF_MAPNR_64 && bits === 64) frames = sub.u64(MAPNR_64_AT);

  const bitmapAt = (1 + subBlocks) * pageSize;
  const bitmapBytes = (bitmapBlocks * pageSize) / 2;
  if (frames > bitmapBytes * 8)
    throw malformed(path, `${frames} page frames, and bits for ${bitmapBytes * 8}`, statusAt + 12);
  if (bitmapAt + bitmapBytes * 2 > bytes.length)
    throw malformed(path, 'cut short within the bitmaps', bytes.length);
  return { littleEndian, pageSize, frames, bitmapAt, bitmapBytes };
}
