/**
 * What the program ksmpages writes: pages that are all zero but for their last eight bytes.
 *
 * Worst case: those hold the page's number, so that two pages differ only at their very end. Best
 * case: they are 1 everywhere.
 */

const BATCH_PAGES = 256;

export interface KsmPages {
  readonly pages: number;
  readonly pageSize: number;
  readonly best: boolean;
  /** Number of the first page. */
  readonly seed: number;
}

export function* ksmPages({
  pages,
  pageSize,
  best,
  seed,
}: KsmPages): Generator<Buffer, void, undefined> {
  for (let first = 0; first < pages; first += BATCH_PAGES) {
    const batch = Buffer.alloc(Math.min(BATCH_PAGES, pages - first) * pageSize);
    for (let page = 0; page * pageSize < batch.length; page++) {
      batch.writeBigUInt64LE(best ? 1n : BigInt(seed + first + page), (page + 1) * pageSize - 8);
    }
    yield batch;
  }
}
