/**
 * A placement from scratch: host after host is filled, each time with the guest that shares most
 * for the memory it costs. Who finds no place stays nowhere.
 *
 * What a guest shares counts by how few have it: what everybody has is shared wherever one goes.
 */
import { NOWHERE, type Placed } from './placed.js';

export function fill(placed: Placed): void {
  const { fleet, hosts } = placed;
  const guests = fleet.guests.length;
  const weights = Float64Array.from(
    { length: fleet.contents },
    (_, content) => 1 - (fleet.holderStarts[content + 1] - fleet.holderStarts[content]) / guests,
  );
  const gains = new Float64Array(guests);
  const shares = new Float64Array(guests);
  const refusedBy = new Int32Array(guests).fill(NOWHERE);
  const isThere = new Int32Array(fleet.contents).fill(NOWHERE);
  const waiting = bySharing(placed, weights);
  for (let host = 0; host < hosts && waiting.length > 0; host++) {
    gains.fill(0);
    shares.fill(0);
    for (;;) {
      const at = bestOf(waiting, placed, host, refusedBy, gains, shares);
      if (at === undefined) break;
      const guest = waiting[at];
      placed.weigh(guest);
      if (!placed.fits(guest, host)) {
        refusedBy[guest] = host;
        continue;
      }
      placed.add(guest, host);
      waiting.splice(at, 1);
      for (let i = fleet.starts[guest]; i < fleet.starts[guest + 1]; i++) {
        const content = fleet.contentsOf[i];
        if (isThere[content] === host) continue;
        isThere[content] = host;
        for (let h = fleet.holderStarts[content]; h < fleet.holderStarts[content + 1]; h++) {
          gains[fleet.holders[h]]++;
          shares[fleet.holders[h]] += weights[content];
        }
      }
    }
  }
}

/** Guests, those first that have most in common with others. */
function bySharing({ fleet }: Placed, weights: Float64Array): number[] {
  const common = new Float64Array(fleet.guests.length);
  for (const guest of fleet.guests.keys())
    for (let i = fleet.starts[guest]; i < fleet.starts[guest + 1]; i++) {
      const content = fleet.contentsOf[i];
      const others = fleet.holderStarts[content + 1] - fleet.holderStarts[content] - 1;
      common[guest] += weights[content] * others;
    }
  return [...fleet.guests.keys()].sort((a, b) => common[b] - common[a] || a - b);
}

/** Its place in `waiting`; of guests that may fit, as far as can be told without weighing them. */
function bestOf(
  waiting: readonly number[],
  placed: Placed,
  host: number,
  refusedBy: Int32Array,
  gains: Float64Array,
  shares: Float64Array,
): number | undefined {
  let best: number | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < waiting.length; at++) {
    const guest = waiting[at];
    if (refusedBy[guest] === host || !placed.admits(guest, host)) continue;
    const used = placed.usedAtLeast(guest, host, gains[guest]);
    if (used > placed.memory.pages) continue;
    const share = shares[guest] / Math.max(used - placed.usedPages[host], 1);
    if (share > most) {
      best = at;
      most = share;
    }
  }
  return best;
}
