/**
 * A pattern that vouches for itself: every quadword (8 bytes) of a page says its own place, the
 * page's class, and one of a few variants.
 *
 * Pages of one class and variant are equal, in one guest or in several, so they merge. A quadword
 * that was lost, moved or came from elsewhere does not fit its place. A reader sees that without
 * knowing what was written.
 */

/** Pages are of a class by their number. */
export const CLASSES = 8;
export const VARIANTS = 16;
const CHECK = 0x5bd1e995;

/**
 * Writes quadword `quadword` of a page of `pageNumber`, as of `variant`, to `bytes` at
 * `offset`.
 */
export function writeQuadword(
  bytes: DataView,
  offset: number,
  pageNumber: number,
  quadword: number,
  variant: number,
): void {
  const low = ((quadword + 1) << 16) | ((pageNumber % CLASSES) << 8) | variant;
  bytes.setInt32(offset, low, true);
  bytes.setInt32(offset + 4, low ^ CHECK, true);
}

/**
 * The variant of the quadword at `offset`; -1 if it is zero (never written), -2 if it does not
 * belong there.
 */
export function readQuadword(
  bytes: DataView,
  offset: number,
  pageNumber: number,
  quadword: number,
): number {
  const low = bytes.getInt32(offset, true);
  const high = bytes.getInt32(offset + 4, true);
  if (low === 0 && high === 0) return -1;
  const variant = low & 0xff;
  const fits =
    high === (low ^ CHECK) &&
    low >>> 16 === quadword + 1 &&
    ((low >> 8) & 0xff) === pageNumber % CLASSES &&
    variant < VARIANTS;
  return fits ? variant : -2;
}

/** The whole page of each class and variant. */
export function patternPages(pageSize: number): Uint8Array[][] {
  return Array.from({ length: CLASSES }, (_, pageNumber) =>
    Array.from({ length: VARIANTS }, (_, variant) => {
      const page = new Uint8Array(pageSize);
      const bytes = new DataView(page.buffer);
      for (let quadword = 0; quadword < pageSize / 8; quadword++)
        writeQuadword(bytes, quadword * 8, pageNumber, quadword, variant);
      return page;
    }),
  );
}
