/**
 * A pattern that vouches for itself: every cell of a page, 8 bytes, says which cell of which kind
 * of page it is, and which of a few variants.
 *
 * Pages of one class and variant are equal, in one guest or in several, so they merge; a cell that
 * was lost, moved or came from elsewhere does not fit its place. A reader sees that without
 * knowing what was written.
 */

/** Pages are of a class by their number. */
export const CLASSES = 8;
export const VARIANTS = 16;
const CHECK = 0x5bd1e995;

/**
 * Writes cell `cell` of a page of `pageNumber`, as of `variant`, to `bytes` at
 * `offset`.
 */
export function writeCell(
  bytes: DataView,
  offset: number,
  pageNumber: number,
  cell: number,
  variant: number,
): void {
  const low = ((cell + 1) << 16) | ((pageNumber % CLASSES) << 8) | variant;
  bytes.setInt32(offset, low, true);
  bytes.setInt32(offset + 4, low ^ CHECK, true);
}

/**
 * The variant of the cell at `offset`; -1 if it is zero (never written), -2 if it does not belong
 * there.
 */
export function readCell(
  bytes: DataView,
  offset: number,
  pageNumber: number,
  cell: number,
): number {
  const low = bytes.getInt32(offset, true);
  const high = bytes.getInt32(offset + 4, true);
  if (low === 0 && high === 0) return -1;
  const variant = low & 0xff;
  const fits =
    high === (low ^ CHECK) &&
    low >>> 16 === cell + 1 &&
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
      for (let cell = 0; cell < pageSize / 8; cell++)
        writeCell(bytes, cell * 8, pageNumber, cell, variant);
      return page;
    }),
  );
}
