/**
 * A guest's load of a few bytes of one page: under the pte's lock, in one call, into words that are
 * the thread's own. The bytes cost little. What costs is the way between JavaScript and the core,
 * and waiting for memory with the lock's atomics on either side. Any thread.
 */

import { PTE_FRAME, PTE_PRESENT } from '../layout';
import { load } from '../words';
import { storeU64, u64At } from './bytes';
import { frameAddress } from './frames';
import { loadBuffer, pteRelease, pteTake } from './pte';

/**
 * Copies `bytes` bytes of the page from `offset` on, at most LOAD_WORDS words, to where
 * `loadBuffer` says. False if another thread has the page locked.
 */
export function loadFew(slot: u32, offset: u32, bytes: u32): bool {
  const state = pteTake(slot, 0);
  if (state == -1) return false;
  const to = (<usize>loadBuffer()) << 2;
  if ((state & PTE_PRESENT) == 0) memory.fill(to, 0, bytes);
  else {
    const from = frameAddress(load(slot + PTE_FRAME)) + offset;
    if (bytes == 8) storeU64(to, u64At(from));
    else memory.copy(to, from, bytes);
  }
  pteRelease(slot, state);
  return true;
}
