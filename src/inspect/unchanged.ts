/**
 * Whether what a look in slices stands on is still there: the guests that are looked at, and where
 * the regions of all guests are.
 */
import { CTL_REGIONS_EPOCH } from '../core/layout.js';
import type { Host } from '../ksm/host.js';

/** Says so from now on, until it no longer holds. */
export function unchanged(host: Host, ...guests: readonly string[]): () => boolean {
  const { i32 } = host.machine.memory;
  const epoch = Atomics.load(i32, CTL_REGIONS_EPOCH);
  return () =>
    Atomics.load(i32, CTL_REGIONS_EPOCH) === epoch &&
    guests.every((guest) => host.guests.has(guest));
}
