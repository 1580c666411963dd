/**
 * Guests move to where they share more: those first that gain most, as only so many may move. Half
 * of the moves that are left are made at a time; then all guests look again, which takes long in a
 * large fleet, so a few times only.
 */
import { NOWHERE, type Placed } from './placed.js';

const LOOKS = 4;

export function climb(placed: Placed): void {
  for (let look = 1; look <= LOOKS && placed.movesLeft > 0; look++) {
    const found = [...placed.hostOf.keys()]
      .map((guest) => ({ guest, gain: gainOf(placed, guest, Number.POSITIVE_INFINITY) }))
      .filter(({ gain }) => gain > 0)
      .sort((a, b) => b.gain - a.gain || a.guest - b.guest);
    let left = look === LOOKS ? placed.movesLeft : Math.ceil(placed.movesLeft / 2);
    for (const { guest, gain } of found) {
      if (left <= 0) break;
      if (gainOf(placed, guest, gain / 2) >= gain / 2) left--;
    }
  }
}

/** What a guest gains at most by a move, which is made if it is `least` and more. */
function gainOf(placed: Placed, guest: number, least: number): number {
  const from = placed.hostOf[guest];
  if (from === NOWHERE) return 0;
  placed.remove(guest);
  placed.weigh(guest);
  const to = placed.crowded > 0 ? NOWHERE : placed.bestFor(guest);
  const gain = to === NOWHERE ? 0 : placed.gains[to] - placed.gains[from];
  placed.add(guest, gain > 0 && gain >= least ? to : from);
  return gain;
}
