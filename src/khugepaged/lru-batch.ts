/**
 * Pages that a collapse which failed has put back, and that wait in the processor's batch until
 * they are on the LRU list again: khugepaged passes over a stretch that maps one. It drains all
 * batches as a pass begins. Linux: mm/swap.c, folio_add_lru.
 */

/** PAGEVEC_SIZE: as many wait, and then all go. */
const BATCH_PAGES = 31;

export class LruBatch {
  private readonly waiting = new Set<number>();

  has(frame: number): boolean {
    return this.waiting.has(frame);
  }

  drain(): void {
    this.waiting.clear();
  }

  /** `frames`, by address, are put back, the last one first. A huge page among them waits not. */
  putBack(frames: readonly number[], isHugeAmong: boolean): void {
    for (const frame of frames.toReversed()) {
      this.waiting.add(frame);
      if (this.waiting.size === BATCH_PAGES) this.drain();
    }
    if (isHugeAmong) this.drain();
  }
}
