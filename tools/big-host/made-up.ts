/**
 * Guests that never were: fingerprints of their pages, all different but for a part that each guest
 * has the same. The same every time, and in no order, as fingerprints are.
 */
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';

const CHUNK_PAGES = 65_536;
const WORDS = FINGERPRINT_BYTES / 4;

export interface MadeUp {
  readonly guests: number;
  /** Of each guest, a multiple of `sharedPart`. */
  readonly pages: number;
  /** One page in so many is of the part that all guests have. */
  readonly sharedPart: number;
}

/** What a host comes to, once all has merged. */
export function known({ guests, pages, sharedPart }: MadeUp): Readonly<Record<string, number>> {
  const shared = pages / sharedPart;
  return {
    pages_shared: shared,
    pages_sharing: shared * (guests - 1),
    pages_unshared: guests * (pages - shared),
    pages_volatile: 0,
  };
}

/** The fingerprints of one guest's pages, in pieces, which hold until the next one is taken. */
export function* fingerprintsOf(
  { pages, sharedPart }: MadeUp,
  guest: number,
): Generator<Uint8Array, void, undefined> {
  const words = new Uint32Array(Math.min(pages, CHUNK_PAGES) * WORDS);
  for (let first = 0; first < pages; first += CHUNK_PAGES) {
    const count = Math.min(CHUNK_PAGES, pages - first);
    for (let i = 0; i < count; i++) {
      const page = first + i;
      // Contents are numbered, those that all guests have first: 2 to the 32nd are enough for all.
      const content = page % sharedPart === 0 ? page : page + (guest + 1) * pages;
      for (let word = 0; word < WORDS; word++)
        words[i * WORDS + word] = mixed(content + word * 0x9e3779b9);
    }
    yield new Uint8Array(words.buffer.slice(0, count * FINGERPRINT_BYTES));
  }
}

/** Another number of 32 bits for each. */
export function mixed(number: number): number {
  let z = (number ^ (number >>> 16)) | 0;
  z = Math.imul(z, 0x21f0aaad);
  z ^= z >>> 15;
  z = Math.imul(z, 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
