/** What merging saves, in bytes and net of what it costs. */
import { RMAP_ITEM_BYTES } from '../ksm/counters.js';
import type { Host } from '../ksm/host.js';
import type { Status } from '../protocol/status.js';

/**
 * In the kernel's reckoning: what is merged by the counters, which follow a write when the scanner
 * next passes.
 */
export function savedNow(host: Host): Status['saved'] {
  const {
    pages_shared = 0,
    pages_sharing = 0,
    pages_unshared = 0,
    pages_volatile = 0,
    ksm_zero_pages = 0,
  } = host.counters();
  const { pageSize } = host.machine;
  const pages = pages_sharing + ksm_zero_pages;
  // A page merged with the zero page has no frame, so it is not among the present ones.
  const holding =
    host.guestNames().reduce((sum, guest) => sum + host.presentPages(guest), 0) + ksm_zero_pages;
  const bytes = pages * pageSize;
  // What is gone stays counted until the scanner passes, and saves nothing meanwhile.
  const heldBytes = Math.min(bytes, holding * pageSize);
  const bookkeepingBytes =
    (pages_shared + pages_sharing + pages_unshared + pages_volatile) * RMAP_ITEM_BYTES;
  return {
    pages,
    bytes,
    bookkeepingBytes,
    netBytes: heldBytes - bookkeepingBytes,
    share: holding === 0 ? 0 : Math.min(1, pages / holding),
  };
}
