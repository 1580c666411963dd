/**
 * The recording file: what is in it, in which order. docs/recording-format.md has it in full, for
 * who writes or reads it with other programs.
 *
 *   magic      8 bytes, "KSMDREC1"
 *   blocks     each: kind (1 byte), packing (1 byte), length of what follows (4 bytes, little
 *              endian), payload, CRC-32 of all of it before
 *
 * The first block is the header, JSON. All others are records; one that ends a sweep is of a kind
 * of its own. So a file that breaks off anywhere is good up to the last sweep that ended, and one
 * that grows can be read meanwhile. There is no byte of anybody's memory in it.
 */
import type { Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { KsmdError } from '../errors.js';
import { quoted } from '../printable.js';
import { HeaderSchema } from './schemas.js';

export { MOST_NODES } from './schemas.js';

export const MAGIC = 'KSMDREC1';
const MAGIC_OF_ANY = /^KSMDREC[2-9]$/;

/** Kinds of blocks. */
export const BLOCK_HEADER = 1;
/** Part of a sweep. */
export const BLOCK_RECORDS = 2;
/** The last part of a sweep. */
export const BLOCK_SWEEP_END = 3;

/** Of a payload: as it is, or RFC 1951. */
export const PACKED_NOT = 0;
export const PACKED_DEFLATE = 1;

export const BLOCK_HEAD_BYTES = 6;
export const CHECKSUM_BYTES = 4;
/** Of a payload, unpacked: no header can have a reader take more. */
export const MOST_PAYLOAD_BYTES = 4 * 1024 * 1024;
/** Of one record, so that each fits in a block, and none makes much of little. */
export const MOST_PAGES_A_RUN = 32 * 1024;

/** First byte of a record. With this bit it is a run of pages, and the rest says what they are. */
export const PAGES = 0x80;
/** What pages of a run are: the low bits of the first byte. */
export const PAGE_ABSENT = 0;
export const PAGE_ZEROES = 1;
export const PAGE_CONTENT = 2;
/** Present, and its fingerprint is outside the sample. */
export const PAGE_UNSAMPLED = 3;
/** Changes whenever it is looked at. */
export const PAGE_RESTLESS = 4;
/** Maps the frame that another guest's page at the same address does. */
export const PAGE_SHARED = 5;
/** What it was; only its marks are others. */
export const PAGE_AS_BEFORE = 6;
export const PAGE_KIND = 0x07;
/** Marks of pages. */
export const PAGE_HUGE = 0x08;
/** This host's own KSM has merged it. */
export const PAGE_MERGED = 0x10;
/** Any other bit of a page is for the reader's and the writer's own use. */
export const PAGE_BITS = PAGE_KIND | PAGE_HUGE | PAGE_MERGED;

/** First bytes of other records. */
export const RECORD_END = 0;
export const RECORD_GUEST = 1;
export const RECORD_GUEST_GONE = 2;
export const RECORD_MAPPING = 3;
export const RECORD_MAPPING_GONE = 4;
/** Runs of pages that follow are this guest's, from page 0 on. */
export const RECORD_PAGES_OF = 5;
export const RECORD_GUEST_NUMBERS = 6;
export const RECORD_HOST_NUMBERS = 7;
export const RECORD_FACTS = 8;
export const RECORD_PREFIXES = 9;
export const RECORD_UNSAMPLED_CHANGES = 10;

/** Bits of a mapping. */
export const MAPPING_ADVISED = 1;
/** Advised to huge pages. */
export const MAPPING_HUGE = 2;
/** Locked in memory: a split gives none of its zeroes back. */
export const MAPPING_LOCKED = 4;

/**
 * Of neighbours in byte order, how many bytes they begin alike: none, 1, 2 to 3, 4 to 7, …, 2,048
 * and more, all.
 */
export const PREFIX_BINS = 14;

export type RecordingHeader = Static<typeof HeaderSchema>;

const header = Compile(HeaderSchema);

/** EINVAL if it is no header of this version. */
export function headerOf(payload: Buffer): RecordingHeader {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    throw new KsmdError('EINVAL', 'its header is no JSON');
  }
  if (header.Check(value)) return value;
  const [, [first]] = header.Errors(value);
  throw new KsmdError('EINVAL', `its header is none: ${first?.instancePath} ${first?.message}`);
}

/** EINVAL if a file that begins so is no recording, or one of a later version. */
export function assertMagic(bytes: Buffer, path: string): void {
  const magic = bytes.toString('latin1', 0, MAGIC.length);
  if (magic === MAGIC) return;
  throw new KsmdError(
    'EINVAL',
    MAGIC_OF_ANY.test(magic)
      ? `${quoted(path)} was written by a newer ksmd (${magic}): this one reads ${MAGIC}`
      : `${quoted(path)} is no recording: 'ksmd capture' makes one`,
  );
}
