/**
 * Counters, under their sysfs names, as a kernel of the machine's profile shows them.
 *
 * Read from any thread. The scanner writes them with plain stores: each is one aligned 32-bit word
 * with one writer, so a reader sees a value that was true a moment ago. Those that outgrow 32 bits
 * are two words, the high one written last.
 */
import {
  CTL_COW_BREAKS,
  CTL_MERGES,
  CTL_PAGES_SCANNED,
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_PAGES_SKIPPED,
  CTL_PAGES_UNSHARED,
  CTL_RMAP_ITEMS,
  CTL_SEQNR,
  CTL_SPLIT_ZEROES,
  CTL_SPLITS,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODE_DUPS,
  CTL_ZERO_PAGES,
  GUEST_INHERITED_ITEMS,
  GUEST_INHERITED_MERGING,
  GUEST_MERGING_PAGES,
  GUEST_RMAP_ITEMS,
  GUEST_VISITS,
  GUEST_ZERO_PAGES,
} from '../core/layout.js';
import type { SharedMemory } from '../machine/memory.js';
import type { CounterName, GuestCounterName } from './records/counter-records.js';

/** What the kernel spends on a registered page that it has seen: sizeof(struct ksm_rmap_item). */
export const RMAP_ITEM_BYTES = 64;

/** A counter of two words. */
export function wide(i32: Int32Array, counter: number): number {
  for (;;) {
    const high = Atomics.load(i32, counter + 1);
    const low = Atomics.load(i32, counter) >>> 0;
    if (Atomics.load(i32, counter + 1) === high) return high * 2 ** 32 + low;
  }
}

export function readCounter(memory: SharedMemory, name: CounterName): number {
  const { i32, pageSize } = memory;
  const word = (counter: number): number => Atomics.load(i32, counter);
  switch (name) {
    case 'full_scans':
      return word(CTL_SEQNR) >>> 0;
    case 'pages_scanned':
      return wide(i32, CTL_PAGES_SCANNED);
    case 'pages_shared':
      return word(CTL_PAGES_SHARED);
    case 'pages_sharing':
      return word(CTL_PAGES_SHARING);
    case 'pages_unshared':
      return word(CTL_PAGES_UNSHARED);
    case 'pages_volatile':
      return Math.max(
        0,
        word(CTL_RMAP_ITEMS) -
          word(CTL_PAGES_SHARED) -
          word(CTL_PAGES_SHARING) -
          word(CTL_PAGES_UNSHARED),
      );
    case 'pages_skipped':
      return wide(i32, CTL_PAGES_SKIPPED);
    case 'ksm_zero_pages':
      return word(CTL_ZERO_PAGES);
    case 'stable_node_chains':
      return word(CTL_STABLE_NODE_CHAINS);
    case 'stable_node_dups':
      return word(CTL_STABLE_NODE_DUPS);
    case 'general_profit':
      return (
        (word(CTL_PAGES_SHARING) + word(CTL_ZERO_PAGES)) * pageSize -
        word(CTL_RMAP_ITEMS) * RMAP_ITEM_BYTES
      );
  }
}

export function readGuestCounter(
  memory: SharedMemory,
  guest: number,
  name: GuestCounterName,
): number {
  const { i32, pageSize } = memory;
  const word = (counter: number): number => Atomics.load(i32, guest + counter);
  switch (name) {
    case 'ksm_rmap_items':
      return word(GUEST_RMAP_ITEMS) + word(GUEST_INHERITED_ITEMS);
    case 'ksm_zero_pages':
      return word(GUEST_ZERO_PAGES);
    case 'ksm_merging_pages':
      return word(GUEST_MERGING_PAGES) + word(GUEST_INHERITED_MERGING);
    case 'ksm_process_profit':
      return (
        (word(GUEST_MERGING_PAGES) + word(GUEST_ZERO_PAGES)) * pageSize -
        word(GUEST_RMAP_ITEMS) * RMAP_ITEM_BYTES
      );
  }
}

/** What is counted under every profile, by a name of its own because no kernel shows it so. */
export interface Totals {
  readonly pagesScanned: number;
  readonly merges: number;
  readonly cowBreaks: number;
  /** Huge pages that KSM split, to merge a page of them. */
  readonly splits: number;
  /** Frames of zeroes that were given back as their huge page was split. */
  readonly splitZeroPages: number;
}

/** Since the start. */
export function readTotals({ i32 }: SharedMemory): Totals {
  return {
    pagesScanned: wide(i32, CTL_PAGES_SCANNED),
    merges: wide(i32, CTL_MERGES),
    cowBreaks: wide(i32, CTL_COW_BREAKS),
    splits: wide(i32, CTL_SPLITS),
    splitZeroPages: wide(i32, CTL_SPLIT_ZEROES),
  };
}

export interface GuestTotals {
  /** Pages listed from a stable node. */
  readonly mergedPages: number;
  readonly zeroPages: number;
  readonly rmapItems: number;
  /** Visits of the scanner that looked at one of its pages. */
  readonly visits: number;
}

export function readGuestTotals({ i32 }: SharedMemory, guest: number): GuestTotals {
  return {
    mergedPages: Atomics.load(i32, guest + GUEST_MERGING_PAGES),
    zeroPages: Atomics.load(i32, guest + GUEST_ZERO_PAGES),
    rmapItems: Atomics.load(i32, guest + GUEST_RMAP_ITEMS),
    visits: wide(i32, guest + GUEST_VISITS),
  };
}
