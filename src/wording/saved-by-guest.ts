/** Whose is what is saved: each guest's part. */
import type { GuestSummary } from '../protocol/routes/guests.js';
import type { Status } from '../protocol/routes/status.js';

/**
 * What each guest has of what all save, in their order; it adds up. Of what the zero page saves as
 * much as it has of the pages that map it, of what merging saves as much as it has of the merged
 * pages. Which guests share which frames is not looked at.
 */
export function savedByGuest(
  { saved, zeroPages, pageSize }: Status,
  guests: readonly GuestSummary[],
): number[] {
  // Where guests were forked, less is saved than there are pages that map the zero page.
  const byZeroPage = Math.min(saved.bytes, zeroPages * pageSize);
  const mergedPages = guests.reduce((sum, guest) => sum + guest.mergedPages, 0);
  let upToHere = 0;
  return guests.map((guest) => {
    const before = Math.round(upToHere);
    upToHere +=
      byZeroPage * share(guest.zeroPages, zeroPages) +
      (saved.bytes - byZeroPage) * share(guest.mergedPages, mergedPages);
    return Math.round(upToHere) - before;
  });
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
