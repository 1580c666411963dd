/**
 * By how much what a sample says is saved may be wrong, by what each content saves in it. A content
 * that very many pages have is in the sample or is not, and counts for all of them; zeroes are in
 * every sample, and add nothing.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { sampleError } from '../fingerprints/sample.js';
import { readCounter } from '../ksm/counters.js';
import type { Host } from '../ksm/host.js';

const ZEROES = Buffer.alloc(FINGERPRINT_BYTES);

/** Pages; 95 times in 100 it is no more. 0 where `oneIn` is 1. */
export function savingErrorPages(host: Host, oneIn: number): number {
  if (oneIn === 1) return 0;
  const { frames, memory } = host.machine;
  // A content has several frames only once one has as many mappings as it may.
  const isInChains = readCounter(memory, 'stable_node_chains') > 0;
  const saved = new Map<string, number>();
  let squares = 0;
  for (let frame = 1; frame <= frames.total; frame++) {
    const pages = frames.stableNode(frame) === 0 ? 0 : frames.mapcount(frame) - 1;
    if (pages <= 0) continue;
    const start = memory.frameByte(frame);
    const content = Buffer.from(memory.u8.subarray(start, start + FINGERPRINT_BYTES));
    if (content.equals(ZEROES)) continue;
    if (isInChains) {
      const name = content.toString('latin1');
      saved.set(name, (saved.get(name) ?? 0) + pages);
    } else squares += pages * pages;
  }
  for (const pages of saved.values()) squares += pages * pages;
  return sampleError(oneIn, squares);
}
