/** Classes that pages keep while guests and regions come and go, and slots are those of others. */
import type { MapGuest } from '../../protocol/routes/live.js';

/** Of a page that was not there when pages were looked at. No class has it: it is not coloured. */
export const NOT_SEEN = 15;

/** `values`, by the slots that guests had `before`, by those that they have now. */
export function carriedClasses(
  values: Uint8Array,
  before: readonly MapGuest[],
  guests: readonly MapGuest[],
  slots: number,
): Uint8Array {
  const places = new Map(
    before.flatMap(({ name, regions }) =>
      regions.map((region) => [`${region.address} ${name}`, region] as const),
    ),
  );
  const carried = new Uint8Array(slots).fill(NOT_SEEN);
  for (const { name, regions } of guests)
    for (const { address, first, pages } of regions) {
      const was = places.get(`${address} ${name}`);
      if (was === undefined) continue;
      const end = was.first + Math.min(was.pages, pages);
      carried.set(values.subarray(was.first, end), first);
    }
  return carried;
}
