/**
 * What a placement is held against: guests by chance, and guests by their memory alone, as is the
 * custom. Who finds no place stays nowhere.
 */
import { randomIntegers } from '../../workload/random.js';
import type { Placed } from './placed.js';

/** First-fit decreasing: that guests share is not known. */
export function placeByMemory(placed: Placed): void {
  const { fleet, hosts, memory } = placed;
  const alonePages = new Float64Array(hosts);
  const largestFirst = [...fleet.guests.keys()].sort(
    (a, b) => fleet.alonePages[b] - fleet.alonePages[a] || a - b,
  );
  for (const guest of largestFirst) {
    const pages = fleet.alonePages[guest];
    for (let host = 0; host < hosts; host++) {
      if (alonePages[host] + pages > memory.pages || !placed.admits(guest, host)) continue;
      alonePages[host] += pages;
      placed.add(guest, host);
      break;
    }
  }
}

/** Each guest, in no order, on some host where it fits. */
export function placeByChance(placed: Placed, seed: number): void {
  const random = randomIntegers(seed);
  const { hosts } = placed;
  const guests = [...placed.fleet.guests.keys()];
  while (guests.length > 0) {
    const at = random(guests.length);
    const guest = guests[at];
    guests[at] = guests[guests.length - 1];
    guests.pop();
    placed.weigh(guest);
    const first = random(hosts);
    for (let tried = 0; tried < hosts; tried++) {
      const host = (first + tried) % hosts;
      if (!placed.fits(guest, host)) continue;
      placed.add(guest, host);
      break;
    }
  }
}
