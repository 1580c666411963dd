/**
 * A fleet of families, made by a program: guests of one operating system have much in common, those
 * of one family more, and each a few contents that it shares with whoever. Today they lie about.
 */
import type { PlacedGuest } from '../../../src/fleet/placement/sampled-fleet.js';
import { randomIntegers } from '../../../src/workload/random.js';

/** Contents that a guest has at most; who has one of anybody's is skewed. */
const OF_SYSTEM = 40;
const OF_FAMILY = 60;
const OF_ANYBODY = 43;
const FIRST_OF_FAMILIES = 1000;
const FIRST_OF_ANYBODY = 1_000_000;
const SYSTEMS = 3;
/** Of 100 contents that a family has, so many a guest has kept. */
const KEPT = 85;

export interface MadeFleet {
  readonly guests: number;
  readonly families: number;
  readonly hosts: number;
  readonly pagesAContent: number;
  readonly seed: number;
}

export function madeFleet(made: MadeFleet): PlacedGuest[] {
  const { guests, families, hosts, pagesAContent, seed } = made;
  const random = randomIntegers(seed);
  /** Small numbers far more often than large ones. */
  const skewed = (below: number): number => Math.floor(below ** (random(1e6) / 1e6)) - 1;
  return Array.from({ length: guests }, (_, guest) => {
    const family = skewed(families + 1) % families;
    const system = family % SYSTEMS;
    const contents = new Set<number>();
    const take = (first: number, count: number): void => {
      for (let at = first; at < first + count; at++) if (random(100) < KEPT) contents.add(at);
    };
    take(system * OF_SYSTEM, OF_SYSTEM);
    take(FIRST_OF_FAMILIES + family * OF_FAMILY, OF_FAMILY);
    for (let at = 0; at < OF_ANYBODY; at++) contents.add(FIRST_OF_ANYBODY + skewed(guests * 20));
    return {
      name: `vm${guest}`,
      host: random(hosts),
      alonePages: contents.size * pagesAContent + random(300) * 1000 + 1000,
      contents: Uint32Array.from(contents).sort(),
      tenant: 0,
    };
  });
}
