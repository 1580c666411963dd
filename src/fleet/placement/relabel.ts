/**
 * Hosts are alike, so it is free which one takes which guests: those that leave most guests where
 * they are today. Beyond so many hosts that to find these takes more than seconds, the one that has
 * most of them, those first that keep most: then a few more may move than need to.
 */
import { bestAssignment } from './assignment.js';

const MOST_ASSIGNED = 1000;

/** The host of each guest, under its new number. */
export function relabelled(
  hostOf: Int32Array,
  today: ArrayLike<number>,
  hosts: number,
  mostAssigned = MOST_ASSIGNED,
): Int32Array {
  /** By host and number, of those that have any in common. */
  const kept = new Map<number, number>();
  for (const [guest, host] of hostOf.entries()) {
    if (today[guest] >= hosts) continue;
    const pair = host * hosts + today[guest];
    kept.set(pair, (kept.get(pair) ?? 0) + 1);
  }
  const numberOf = hosts > mostAssigned ? eachTheBest(kept, hosts) : bestOfAll(kept, hosts);
  return hostOf.map((host) => numberOf[host]);
}

function bestOfAll(kept: ReadonlyMap<number, number>, hosts: number): Int32Array {
  const gains = new Int32Array(hosts * hosts);
  for (const [pair, guests] of kept) gains[pair] = guests;
  return bestAssignment(gains, hosts);
}

function eachTheBest(kept: ReadonlyMap<number, number>, hosts: number): Int32Array {
  const numberOf = new Int32Array(hosts).fill(-1);
  const free = new Set(numberOf.keys());
  for (const [pair] of [...kept].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
    const [host, number] = [Math.floor(pair / hosts), pair % hosts];
    if (numberOf[host] === -1 && free.delete(number)) numberOf[host] = number;
  }
  const rest = free.values();
  return numberOf.map((number) => (number === -1 ? (rest.next().value ?? 0) : number));
}
