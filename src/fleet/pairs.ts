/**
 * The guests that have most in common, two and two. Of a large fleet they are found in a sketch,
 * and more of them than are asked for; then these are counted in all of the sample, so what is told
 * is exact there. A pair that the sketch has missed may have more than `missed`, once in a thousand
 * fleets.
 */
import type { Engine, Row } from './engine.js';
import { statementsOf } from './queries.js';
import type { Sketch } from './sketch.js';

export interface Pairs {
  /** Those with most contents in common first. */
  readonly rows: readonly Row[];
  /** Contents of the sample that a pair may have which is not told; 0: none has more. */
  readonly missed: number;
}

/** Of those that are found in a sketch, so many are counted, or so many for each asked for. */
const CANDIDATES = 500;
const CANDIDATES_A_ROW = 25;
/** A group around each: with more of them groups are more alike, and there are more of them. */
const LEADERS = 128;
/** Standard deviations, of the pair that comes next. */
const DEVIATIONS = 4;

/** `known`: a larger sketch, with this one in it, that has been read already, if there is one. */
export async function pairs(
  engine: Engine,
  sketch: Sketch,
  rows: number,
  known = sketch,
): Promise<Pairs> {
  const { oneIn, lowest: from, highest: upto } = sketch;
  const { lowest, highest } = known;
  const candidates = oneIn === 1 ? rows : Math.max(CANDIDATES, rows * CANDIDATES_A_ROW);
  const choices = { leaders: LEADERS, lowest, highest, from, upto, rows: candidates };
  const found = await engine.rows(statementsOf('pairs', choices));
  if (oneIn === 1) return { rows: found, missed: 0 };
  const all = found.length < candidates;
  const most = mostFor(all ? 0 : Number(found.at(-1)?.contents)) * oneIn;
  if (found.length === 0) return { rows: found, missed: most };
  const wanted = {
    pairs: found.map(({ a, b }) => `(${a}, ${b})`).join(', '),
    guests: [...new Set(found.flatMap(({ a, b }) => [a, b]))].join(', '),
  };
  const counted = (await engine.rows(statementsOf('common', wanted))).slice(0, rows);
  const least = counted.length < rows ? 0 : Number(counted.at(-1)?.contents);
  return { rows: counted, missed: most <= least ? 0 : most };
}

/**
 * Contents that a pair may have in a sketch, on average of all sketches, of which this one has
 * `shown`: chance keeps out so many standard deviations of the average itself.
 */
function mostFor(shown: number): number {
  const half = DEVIATIONS / 2;
  return Math.ceil((half + Math.sqrt(half ** 2 + shown)) ** 2);
}
