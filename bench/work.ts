/**
 * The hash of the work: over what each phase counted, and nothing that depends on time, on the
 * machine or on the running kernel. Benches with the same size, profile, seed and phases have the
 * same hash, so that no phase is skipped or cut short unnoticed.
 *
 * It takes KSM's counters and sums of the guests' bytes. How ksmd gets there (checksums taken,
 * bytes of its tables) stays out: a faster ksmd does the same work.
 */
import { createHash } from 'node:crypto';
import type { Phase, Work } from './row.js';

export function workHash(rows: readonly { readonly phase: Phase; readonly work: Work }[]): string {
  const hash = createHash('sha256');
  for (const { phase, work } of [...rows].sort((a, b) => (a.phase < b.phase ? -1 : 1))) {
    const entries = Object.entries(work).sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`${JSON.stringify([phase, ...entries])}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
