/** Guests and regions of a snapshot's header, for tests to change. */
import type { SnapshotHeader, SnapshotRegion } from '../../src/snapshot/header-schema.js';

export function guestIn({ guests }: SnapshotHeader, index = 0): SnapshotHeader['guests'][number] {
  const found = guests[index];
  if (found === undefined) throw new Error(`there is no guest ${index}`);
  return found;
}

export function regionIn(header: SnapshotHeader, index = 0): SnapshotRegion {
  const [found] = guestIn(header, index).regions;
  if (found === undefined) throw new Error('there is no region');
  return found;
}
