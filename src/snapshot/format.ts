/**
 * The snapshot file: what is in it, in which order, and how damage is noticed.
 *
 *   magic      8 bytes, "KSMDSNP1"
 *   length     4 bytes, little endian: of the header
 *   header     JSON: kernel profile, page size, tunables, guests with their regions, number of
 *              frames
 *   maps       4 bytes a page, region by region in the header's order: PAGE_ values below,
 *              PAGE_MERGEABLE besides
 *   frames     the bytes of each, a page's or its fingerprint's; page maps name them by their place
 *   checksum   8 bytes, little endian: XXH64, seed 0, of all before
 *
 * Frames that several pages share are there once, so the file is about as large as the memory in
 * use.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { MAX_NUMA_NODES } from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { kernelProfile } from '../ksm/kernels.js';
import { assertFingerprintSizes } from '../machine/frame-sizes.js';
import { MAX_BYTES, TOO_MANY_PAGES } from '../machine/geometry.js';
import { NAME_PATTERN, NAME_RULE } from '../names.js';
import { quoted } from '../printable.js';

export const MAGIC = 'KSMDSNP1';
export const CHECKSUM_BYTES = 8;
/** Of the header. So many regions no machine has. */
export const MAX_HEADER_BYTES = 1 << 24;

export const PAGE_UNTOUCHED = 0;
/** Maps the zero page. */
export const PAGE_ZERO = 1;
/** Maps frame n: this plus n. */
export const PAGE_FIRST_FRAME = 2;
/** The page is mergeable. */
export const PAGE_MERGEABLE = 0x40000000;

const Name = Type.String({ pattern: NAME_PATTERN });

const Header = Type.Object({
  kernel: Type.String(),
  pageSize: Type.Integer(),
  /** Absent: a frame holds a whole page. */
  frameBytes: Type.Optional(Type.Integer()),
  frames: Type.Integer({ minimum: 0 }),
  tunables: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  guests: Type.Array(
    Type.Object({
      name: Name,
      node: Type.Integer({ minimum: 0, maximum: MAX_NUMA_NODES - 1 }),
      regions: Type.Array(
        Type.Object({
          name: Name,
          address: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
          pages: Type.Integer({ minimum: 1, maximum: TOO_MANY_PAGES }),
        }),
      ),
    }),
  ),
});

export type SnapshotHeader = Static<typeof Header>;

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
  if (mappedPages(value) > TOO_MANY_PAGES || value.frames * frameBytesOf(value) > MAX_BYTES)
    throw new KsmdError('EINVAL', 'it holds more than any machine does');
  return value;
}

/** The first thing wrong with a header. */
function fault(value: unknown): string {
  const [error] = header.Errors(value);
  if (error === undefined) return 'it is none';
  const { keyword, instancePath, message } = error;
  const place = instancePath.slice(1).replaceAll('/', '.');
  return (
    `${place === '' ? 'it' : quoted(place)} ` +
    `${keyword === 'pattern' ? `must be ${NAME_RULE}` : message}`
  );
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
