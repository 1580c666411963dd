/** What stands for pages of a followed guest, on its way to the daemon. */
import { randomFillSync } from 'node:crypto';
import { FINGERPRINT_BYTES } from '../../../fingerprints/fingerprint.js';
import type { Sample } from '../../../fingerprints/sample.js';
import {
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_ZEROES,
} from '../../../recording/format.js';
import { type RecordedGuest, STRETCH_PAGES } from '../../../recording/recorded-host.js';
import type { PageRun } from './guest-changes.js';

/** Of fingerprints at once. */
const PIECE_PAGES = 32 * STRETCH_PAGES;
/** Fingerprints that begin so are in no sample but that of all. */
const OUTSIDE_ANY_SAMPLE = 0xff;
/** As many zeroes as a fingerprint begins with that is in a sample of any size. */
const IN_EVERY_SAMPLE_BYTES = 4;

/** 16 bytes a page, in pieces that hold until the next one is taken. */
export function* pageContents(
  guest: RecordedGuest,
  { page, pages }: PageRun,
  sample: Sample,
): Generator<Buffer, void, undefined> {
  const piece = Buffer.alloc(Math.min(pages, PIECE_PAGES) * FINGERPRINT_BYTES);
  const end = page + pages;
  for (let at = page; at < end; at += PIECE_PAGES) {
    const some = piece.subarray(0, Math.min(PIECE_PAGES, end - at) * FINGERPRINT_BYTES);
    for (let offset = 0; offset < some.length; offset += FINGERPRINT_BYTES) {
      const one = some.subarray(offset, offset + FINGERPRINT_BYTES);
      write(guest, at + offset / FINGERPRINT_BYTES, one, sample);
    }
    yield some;
  }
}

function write({ stretches }: RecordedGuest, page: number, target: Buffer, sample: Sample): void {
  const stretch = stretches.get(Math.floor(page / STRETCH_PAGES));
  const index = page % STRETCH_PAGES;
  const kind = (stretch?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
  if (kind === PAGE_ZEROES) target.fill(0);
  else if (kind === PAGE_CONTENT && stretch !== undefined)
    stretch.fingerprints.copy(
      target,
      0,
      index * FINGERPRINT_BYTES,
      (index + 1) * FINGERPRINT_BYTES,
    );
  // No content puts it into the sample, or not: its place does.
  else if (kind === PAGE_RESTLESS && sample.hasPlace(page))
    randomFillSync(target.fill(0), IN_EVERY_SAMPLE_BYTES);
  else target.fill(OUTSIDE_ANY_SAMPLE);
}
