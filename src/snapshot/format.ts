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
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { MAX_NUMA_NODES } from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { kernelProfile } from '../ksm/kernels.js';
import { assertFingerprintSizes } from '../machine/frame-sizes.js';
import { MAX_BYTES, TOO_MANY_PAGES } from '../machine/geometry.js';
import { MOST_IN_A_SAMPLE, NAME_PATTERN, NAME_RULE } from '../names.js';
import { quoted } from '../printable.js';

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
const MOST_FRAMES = PAGE_LISTED - PAGE_FIRST_FRAME;

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

const Name = Type.String({ pattern: NAME_PATTERN });
const Ordinal = Type.Integer({ minimum: 1, maximum: TOO_MANY_PAGES });
const NumaNode = Type.Integer({ minimum: 0, maximum: MAX_NUMA_NODES - 1 });
const Counted = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });

const Region = Type.Object({
  name: Name,
  address: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  pages: Type.Integer({ minimum: 1, maximum: TOO_MANY_PAGES }),
  /** That its memory comes from; absent: its guest's. */
  node: Type.Optional(NumaNode),
  /** A letter a stretch, if it is advised to huge pages. */
  stretches: Type.Optional(Type.String({ pattern: '^[hs.]*$' })),
  /** It is, and was touched since. */
  touched: Type.Optional(Type.Boolean()),
  /** If a fork has copied or made it: a number that those have which were one before. */
  kin: Type.Optional(Ordinal),
});

const Header = Type.Object({
  kernel: Type.String(),
  pageSize: Type.Integer(),
  /** Absent: a frame holds a whole page. */
  frameBytes: Type.Optional(Type.Integer()),
  /** Of fingerprints a sample of one in so many; absent: all. */
  oneIn: Type.Optional(Type.Integer({ minimum: 2, maximum: MOST_IN_A_SAMPLE })),
  /** Of the key that fingerprints are made with, where it holds any. */
  keyId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
  frames: Type.Integer({ minimum: 0 }),
  marked: Type.Optional(Type.Boolean()),
  tunables: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  guests: Type.Array(
    Type.Object({
      name: Name,
      node: NumaNode,
      /** All that it maps is mergeable. */
      mergesAny: Type.Optional(Type.Literal(true)),
      /** What its counters are said to be more than they are. */
      inherited: Type.Optional(Type.Object({ items: Counted, merging: Counted })),
      /** Its place among those that khugepaged goes over. */
      khugepaged: Type.Optional(Ordinal),
      regions: Type.Array(Region),
    }),
  ),
});

export type SnapshotHeader = Static<typeof Header>;
export type SnapshotRegion = Static<typeof Region>;

const header = Compile(Header);

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

/**
 * Reads a header from the JSON in a file. EINVAL if it is none, or of what no machine can have.
 * Whether one has room for it is for the machine to say.
 */
export function decodeHeader(json: string): SnapshotHeader {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new KsmdError('EINVAL', 'its header is no JSON');
  }
  if (!header.Check(value)) throw new KsmdError('EINVAL', `its header is damaged: ${fault(value)}`);
  kernelProfile(value.kernel);
  assertFingerprintSizes(value.pageSize, frameBytesOf(value));
  const { frames } = value;
  if (
    mappedPages(value) > TOO_MANY_PAGES ||
    frames > MOST_FRAMES ||
    frames * frameBytesOf(value) > MAX_BYTES
  )
    throw new KsmdError('EINVAL', 'it holds more than any machine does');
  assertAlike(value);
  return value;
}

/** The first thing wrong with a header. */
function fault(value: unknown): string {
  const [error] = header.Errors(value);
  if (error === undefined) return 'it is none';
  const { keyword, instancePath, message, params } = error;
  const place = instancePath.slice(1).replaceAll('/', '.');
  const isName = keyword === 'pattern' && 'pattern' in params && params.pattern === NAME_PATTERN;
  return `${place === '' ? 'it' : quoted(place)} ` + `${isName ? `must be ${NAME_RULE}` : message}`;
}

/** EINVAL unless regions that were one before a fork are alike in all that a fork copies. */
function assertAlike({ guests }: SnapshotHeader): void {
  const first = new Map<number, string>();
  for (const { regions } of guests)
    for (const { address, pages, node = '', stretches, kin } of regions) {
      if (kin === undefined) continue;
      const what = `${node} ${address} ${pages} ${stretches !== undefined}`;
      if ((first.get(kin) ?? what) !== what)
        throw new KsmdError('EINVAL', 'regions of it that a fork made are not alike');
      first.set(kin, what);
    }
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
