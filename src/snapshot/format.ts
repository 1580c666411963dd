/**
 * The snapshot file: what is in it, in which order, and how damage is noticed.
 *
 *   magic      8 bytes, "KSMDSNP2"
 *   length     4 bytes, little endian: of the header
 *   header     JSON: kernel profile, page size, tunables, guests with their regions, number of
 *              frames
 *   maps       4 bytes a page, region by region in the header's order: PAGE_ values below,
 *              PAGE_MERGEABLE, PAGE_WRITABLE and PAGE_LISTED besides
 *   marks      4 bytes a frame, if the header says `marked`: MARK_ values below
 *   frames     the bytes of each, a page's or its fingerprint's; page maps name them by their place
 *   checksum   8 bytes, little endian: XXH64, seed 0, of all before
 *
 * Frames that several pages share are there once, so the file is about as large as the memory in
 * use. Without marks, those that no page may write are KSM pages, and no other is. Files of version
 * 1, which knew no huge pages and no forks, have none, and say no more of a page than that it is
 * mergeable: what is shared is listed, all else is writable.
 */
import { KsmdError } from '../errors.js';
import type { SnapshotHeader } from './header-schema.js';

export const MAGIC = 'KSMDSNP2';
const MAGIC_OF_ANY = /^KSMDSNP([1-9])$/;
const VERSION = 2;
export const CHECKSUM_BYTES = 8;
/** Of the header. So many regions no machine has. */
export const MAX_HEADER_BYTES = 1 << 24;

export const PAGE_UNTOUCHED = 0;
/** Maps the zero page. */
export const PAGE_ZERO = 1;
/** Maps frame n: this plus n. */
export const PAGE_FIRST_FRAME = 2;
/** Maps a KSM page that lists it: one that a fork shares is listed when the scanner comes by. */
export const PAGE_LISTED = 0x10000000;
/** A store changes its frame; otherwise it asks first whether it may. */
export const PAGE_WRITABLE = 0x20000000;
/** The page is mergeable. */
export const PAGE_MERGEABLE = 0x40000000;
/** Which frame, without what is said besides. */
export const PAGE_FRAME_MASK = ~(PAGE_LISTED | PAGE_WRITABLE | PAGE_MERGEABLE);
/** So many can be told. No machine has room for more beside their tables. */
export const MOST_FRAMES = PAGE_LISTED - PAGE_FIRST_FRAME;

/** A KSM page. */
export const MARK_KSM = 1;
/** In the stable tree: a KSM page that is not is what a merge given up half way leaves. */
export const MARK_STABLE = 2;
/** Its NUMA node plus 1; 0: the one that memory of the first page that maps it comes from. */
export const MARK_NUMA_NODE_SHIFT = 2;
export const MARK_NUMA_NODE_MASK = 0x7c;
/** From here on, a number of the huge page that it is a part of; 0: none. */
export const MARK_HUGE_PAGE_SHIFT = 7;

/** Of each stretch of a region: mapped as one huge page, page by page, or not touched yet. */
export const STRETCH_LETTERS = { huge: 'h', small: 's', untouched: '.' } as const;

/** Magic, length and header. */
export function encodeHeader(value: SnapshotHeader): Uint8Array {
  const json = Buffer.from(JSON.stringify(value));
  const bytes = Buffer.alloc(MAGIC.length + 4 + json.length);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(json.length, MAGIC.length);
  json.copy(bytes, MAGIC.length + 4);
  return bytes;
}

/** The version of a file that begins so. EINVAL if it is none, or one that is yet to come. */
export function versionOf(magic: string): number {
  const [, digit] = MAGIC_OF_ANY.exec(magic) ?? [];
  if (digit === undefined) throw new KsmdError('EINVAL', 'it is no snapshot of ksmd');
  if (Number(digit) > VERSION)
    throw new KsmdError(
      'EINVAL',
      `it is of version ${digit}, of a newer ksmd: this one knows versions up to ${VERSION}`,
    );
  return Number(digit);
}

/** Bytes of each frame. */
export function frameBytesOf({ pageSize, frameBytes = pageSize }: SnapshotHeader): number {
  return frameBytes;
}

/** Pages of all regions, in the order of the maps. */
export function mappedPages({ guests }: SnapshotHeader): number {
  return guests.reduce(
    (sum, { regions }) => regions.reduce((pages, region) => pages + region.pages, sum),
    0,
  );
}

/** Bytes of the marks. */
export function marksBytes({ marked, frames }: SnapshotHeader): number {
  return marked === true ? frames * 4 : 0;
}
