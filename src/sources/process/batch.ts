/**
 * Entries of a pagemap as they are read at once, and room for what is said of their pages. Page
 * tables have a batch in turn, each while it is gone over: thousands of processes take no more of
 * them than are gone over at one time.
 */
import { FRAME_HIGH, HUGE_PAGE_FRAMES } from './frames.js';

export const ENTRY_BYTES = 8;
export const BATCH_PAGES = 65_536;

export class Batch {
  private static readonly spare: Batch[] = [];
  readonly entries = Buffer.alloc(BATCH_PAGES * ENTRY_BYTES);
  readonly frames = new Float64Array(BATCH_PAGES);
  readonly merged = new Uint8Array(BATCH_PAGES);
  readonly written = new Uint8Array(BATCH_PAGES);

  private constructor() {}

  /** One that nobody has; to be given back. */
  static take(): Batch {
    return Batch.spare.pop() ?? new Batch();
  }

  giveBack(): void {
    Batch.spare.push(this);
  }

  /** The high 32 bits of an entry. */
  high(page: number): number {
    return this.entries.readUInt32LE(page * ENTRY_BYTES + 4);
  }

  frame(page: number): number {
    const low = this.entries.readUInt32LE(page * ENTRY_BYTES);
    return (this.high(page) & FRAME_HIGH) * 2 ** 32 + low;
  }

  /** A huge page's worth of entries have frames in a row. */
  areInARow(page: number): boolean {
    const first = this.frame(page);
    for (let i = 1; i < HUGE_PAGE_FRAMES; i++) if (this.frame(page + i) !== first + i) return false;
    return true;
  }
}
