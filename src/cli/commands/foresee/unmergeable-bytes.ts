/** Memory of processes that KSM merges nothing of, and no page of which is looked at. */
import type { RecordedHost } from '../../../recording/recorded-host.js';

/** Each process counts for itself: what two of them share is in it twice. */
export interface UnmergeableBytes {
  /** Of files and of shared memory, as that of QEMU with share=on. */
  readonly sharedBytes: number;
  readonly hugetlbBytes: number;
}

export function unmergeableBytes(host: RecordedHost): UnmergeableBytes {
  return { sharedBytes: summed(host, 'shared'), hugetlbBytes: summed(host, 'hugetlb') };
}

/** One of the numbers of guests, over all of them. */
function summed({ guests, header: { guestNumbers } }: RecordedHost, name: string): number {
  const at = guestNumbers.indexOf(name);
  return [...guests.values()].reduce((sum, { numbers }) => sum + (numbers[at] ?? 0), 0);
}
