/**
 * Passing over pages that are merged already, which in a settled host are nearly all.
 */
import { frameEntry } from './frames';
import {
  FRAME_STABLE_NODE,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_IN_USE,
  RMAP_STABLE,
  SLOT_WORDS,
} from './layout';
import { at } from './words';

const MERGED_PTE: u32 = PTE_PRESENT | PTE_MERGEABLE;
const LISTED_ITEM: u32 = RMAP_IN_USE | RMAP_STABLE;

/**
 * How many slots from `slot` on, at most `limit`, are settled: the page is present and mergeable, and its rmap item is listed from the stable node of the
 * frame it maps. A visit finds nothing to do there.
 */
export function settledRun(slot: u32, limit: u32): u32 {
  let run: u32 = 0;
  while (run < limit) {
    if ((atomic.load<u32>((<usize>(slot + PTE_STATE)) << 2) & MERGED_PTE) != MERGED_PTE) break;
    if ((at(slot + RMAP_FLAGS) & LISTED_ITEM) != LISTED_ITEM) break;
    const node = atomic.load<u32>((<usize>(frameEntry(at(slot + PTE_FRAME)) + FRAME_STABLE_NODE)) << 2);
    if (node == 0 || node != at(slot + RMAP_HEAD)) break;
    run++;
    slot += SLOT_WORDS;
  }
  return run;
}
