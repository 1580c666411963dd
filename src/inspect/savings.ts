/**
 * What merging saves, and what it costs: the one answer to that, for whoever asks.
 *
 * Counted in frames, from frames and page tables, which follow every write at once. The counters
 * that the profile's kernel shows would not do: they follow when the scanner next passes, in some
 * kernels leave the zero page out, and count as sharing what a fork shares too: of a page that
 * hundreds of processes have had since they were forked each counts, as soon as KSM has merged it
 * with one other, and one frame has come free.
 */
import { CTL_RMAP_ITEMS } from '../core/layout.js';
import { RMAP_ITEM_BYTES } from '../ksm/counters.js';
import type { Host } from '../ksm/host.js';
import { population } from './population.js';

export interface Savings {
  /** Frames that KSM spares: what would be used more if nothing was merged. */
  readonly pages: number;
  readonly bytes: number;
  /** What the kernel spends on knowing the pages it has seen. */
  readonly bookkeepingBytes: number;
  readonly netBytes: number;
  /** Of what would be used, 0 to 1. */
  readonly share: number;
  /** Frames that forks spare, with KSM or without. */
  readonly forkSharedPages: number;
}

/** `forkSharedPages`: as src/inspect/fork-sharing.ts counts them; 0 if no guest was forked. */
export function savings(host: Host, forkSharedPages: number): Savings {
  const { frames, memory, pageSize } = host.machine;
  const { presentPages, zeroPages } = population(host);
  const wanted = presentPages + zeroPages - forkSharedPages;
  // More frames are used than pages are there while a snapshot holds what guests have let go of.
  const pages = Math.max(0, wanted - frames.used);
  const bytes = pages * pageSize;
  const bookkeepingBytes = bookkeepingOf(Atomics.load(memory.i32, CTL_RMAP_ITEMS));
  return {
    pages,
    bytes,
    bookkeepingBytes,
    netBytes: bytes - bookkeepingBytes,
    share: pages === 0 ? 0 : pages / wanted,
    forkSharedPages,
  };
}

/** Bytes that the kernel spends on knowing so many pages. */
export function bookkeepingOf(rmapItems: number): number {
  return rmapItems * RMAP_ITEM_BYTES;
}
