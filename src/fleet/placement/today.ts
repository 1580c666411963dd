/**
 * Today's placement, as far as it may stay: who is on a host that is to be emptied, on another
 * tenant's, or on one that has too little memory, is nowhere then.
 */
import type { Placed } from './placed.js';

export function placeAsToday(placed: Placed): void {
  const { guests } = placed.fleet;
  for (const [guest, { host }] of guests.entries())
    if (host < placed.hosts) placed.add(guest, host);
  for (const host of placed.members.keys()) {
    const tenant = largestTenant(placed, host);
    for (const guest of [...placed.members[host]])
      if (guests[guest].tenant !== tenant) placed.remove(guest);
    while (placed.usedPages[host] > placed.memory.pages) placed.remove(firstToLeave(placed, host));
  }
}

function largestTenant(placed: Placed, host: number): number | undefined {
  const pages = new Map<number, number>();
  for (const guest of placed.members[host]) {
    const { tenant, alonePages } = placed.fleet.guests[guest];
    pages.set(tenant, (pages.get(tenant) ?? 0) + alonePages);
  }
  return [...pages].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
}

/** With whom fewest have to leave in the end; of such guests, the one that shares least. */
function firstToLeave(placed: Placed, host: number): number {
  const { usedPages, memory } = placed;
  const [used, copies] = [usedPages[host], placed.copies];
  const choices = placed.members[host].toSorted().map((guest) => {
    placed.remove(guest);
    const freed = used - Math.max(usedPages[host], memory.pages);
    const lost = copies - placed.copies;
    placed.add(guest, host);
    return { guest, freed, lost };
  });
  choices.sort((a, b) => b.freed - a.freed || a.lost - b.lost || a.guest - b.guest);
  return choices[0].guest;
}
