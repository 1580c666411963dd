/**
 * Which family a guest is of, and which host it is on. Families are of unequal size, as Zipf and
 * Mandelbrot have it: of 20,000 guests in 40 families the first has some 2,400, the last 60. The
 * guests of one are dealt out to all hosts in turn, so that no two that are alike meet if it can
 * be helped: there is something to be won by placing them.
 */
import { mixed } from '../big-host/made-up.js';
import { shuffled } from './shuffled.js';

const RANKS_BEFORE_THE_FIRST = 20;
const EXPONENT = 3.5;

export class Families {
  /** How many guests each has, the largest first. */
  readonly sizes: readonly number[];
  /** By guest: those of host 0 come first, then those of host 1. */
  private readonly ofGuests: Uint16Array;

  constructor(families: number, hosts: number, guestsAHost: number, seed: number) {
    const guests = hosts * guestsAHost;
    const ends = endsOf(families, guests);
    this.sizes = ends.map((end, rank) => end - (ends[rank - 1] ?? 0));
    this.ofGuests = new Uint16Array(guests);
    let member = 0;
    let family = 0;
    for (let lap = 0; lap < guestsAHost; lap++)
      for (const host of shuffled(hosts, mixed(mixed(seed) + lap))) {
        while (member >= (ends[family] ?? guests)) family++;
        this.ofGuests[host * guestsAHost + lap] = family;
        member++;
      }
  }

  of(guest: number): number {
    const family = this.ofGuests[guest];
    if (family === undefined) throw new RangeError(`the fleet has no guest ${guest}`);
    return family;
  }
}

/** Where each family ends, if they stand in a row. */
function endsOf(families: number, guests: number): number[] {
  const weights = Array.from(
    { length: families },
    (_, rank) => (rank + 1 + RANKS_BEFORE_THE_FIRST) ** -EXPONENT,
  );
  const whole = weights.reduce((sum, weight) => sum + weight);
  let part = 0;
  return weights.map((weight) => {
    part += weight;
    return Math.round((part / whole) * guests);
  });
}
