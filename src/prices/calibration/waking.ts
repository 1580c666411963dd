/**
 * How much slower a processor is that has just slept: merged pages are visited, each at the same
 * price once it is awake, in batches of several sizes with a nap before each. What the short ones
 * take more than the long ones is what waking costs.
 */
import { batchPrice, type Prices, type Waking, wakingPrice } from '../prices.js';

/** Of scans in batches of so many visits. */
export interface BatchTime {
  readonly visits: number;
  /** Of one batch. */
  readonly ns: number;
}

export interface Awake {
  readonly visitNs: number;
  readonly batch: number;
  readonly waking: Waking;
}

/** Of `overNs`, from which the one that explains the times best is taken. */
const TRIED_NS = Array.from({ length: 13 }, (_, step) => 125_000 * 2 ** (step / 2));
const STEPS = 50;

/** `times`: of three sizes, by which all is told, and one by which it is chosen. */
export function awakeOf(times: {
  readonly shortest: BatchTime;
  readonly short: BatchTime;
  readonly long: BatchTime;
  readonly longest: BatchTime;
}): Awake {
  const off = ({ visitNs, batch, waking }: Awake): number => {
    const { visits, ns } = times.long;
    const workNs = visits * visitNs;
    return Math.abs(workNs + batchPrice(workNs, { batch, waking }) - ns);
  };
  const tried = TRIED_NS.map((overNs) => solved(times, overNs));
  return tried.reduce((best, each) => (off(each) < off(best) ? each : best));
}

/** Each of the three from the others, over and over, until they agree. */
function solved(
  { shortest, short, longest }: Record<'shortest' | 'short' | 'longest', BatchTime>,
  overNs: number,
): Awake {
  let visitNs = longest.ns / longest.visits;
  let batch = 0;
  let mostNs = 0;
  for (let step = 0; step < STEPS; step++) {
    const besides = ({ visits, ns }: BatchTime): number => ns - visits * visitNs;
    /** Of all that waking costs, what a batch has behind it. */
    const part = ({ visits }: BatchTime): number =>
      wakingPrice(visits * visitNs, { mostNs: 1, overNs });
    batch = Math.max(0, besides(shortest) - mostNs * part(shortest));
    mostNs = Math.max(0, (besides(short) - batch) / part(short));
    visitNs = (longest.ns - batch - mostNs * part(longest)) / longest.visits;
  }
  return { visitNs, batch, waking: { mostNs, overNs } };
}

/** The work in a batch that took `ns`: without what it takes beside that. */
export function workIn(ns: number, prices: Pick<Prices, 'batch' | 'waking'>): number {
  let least = 0;
  let most = ns;
  for (let step = 0; step < STEPS; step++) {
    const middle = (least + most) / 2;
    if (middle + batchPrice(middle, prices) > ns) most = middle;
    else least = middle;
  }
  return least;
}
