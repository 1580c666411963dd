/**
 * What merging saves, and what it costs: the one answer to that, for whoever asks.
 *
 * Counted from frames and page tables, which follow every write at once. The counters that the
 * profile's kernel shows would not do: they follow when the scanner next passes, and in some
 * kernels leave the zero page out.
 */
import { CTL_RMAP_ITEMS } from '../core/layout.js';
import { RMAP_ITEM_BYTES } from '../ksm/counters.js';
import type { Host } from '../ksm/host.js';
import { population } from './population.js';

export interface Savings {
  /** Pages that hold something and need no frame of their own. */
  readonly pages: number;
  readonly bytes: number;
  /** What the kernel spends on knowing the pages it has seen. */
  readonly bookkeepingBytes: number;
  readonly netBytes: number;
  /** Of the pages that hold something, 0 to 1. */
  readonly share: number;
}

export function savings(host: Host): Savings {
  const { frames, memory, pageSize } = host.machine;
  const { presentPages, zeroPages } = population(host);
  const holding = presentPages + zeroPages;
  // More frames are used than pages are there while a snapshot holds what guests have let go of.
  const pages = Math.max(0, holding - frames.used);
  const bytes = pages * pageSize;
  const bookkeepingBytes = bookkeepingOf(Atomics.load(memory.i32, CTL_RMAP_ITEMS));
  return {
    pages,
    bytes,
    bookkeepingBytes,
    netBytes: bytes - bookkeepingBytes,
    share: holding === 0 ? 0 : pages / holding,
  };
}

/** Bytes that the kernel spends on knowing so many pages. */
export function bookkeepingOf(rmapItems: number): number {
  return rmapItems * RMAP_ITEM_BYTES;
}
