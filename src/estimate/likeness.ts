/**
 * How alike guests are by what they have in common, which of them are groups by that, and an order
 * in which those that are alike stand beside each other.
 *
 * Groups are by complete linkage: each two of one are alike, so none is a chain of which the ends
 * have nothing in common. The order is by average linkage of groups and of who is in none:
 * families that are less alike than a group stand together all the same. It takes the square of the
 * guests' number, in time and in room.
 */

/** Each two of a group have so much in common, or more. */
export const GROUP_LIKENESS = 0.5;

/** What two have in common, as a part of what the one has that has more. */
export class Likeness {
  readonly guests: number;
  private readonly square: Float64Array;

  /** `common`: a square, of which each two are told once, the first of them by the row. */
  constructor(
    readonly contents: readonly number[],
    common: Float64Array,
  ) {
    this.guests = contents.length;
    this.square = new Float64Array(common.length);
    for (let a = 0; a < this.guests; a++)
      for (let b = a + 1; b < this.guests; b++) {
        const more = Math.max(contents[a] ?? 0, contents[b] ?? 0, 1);
        const alike = (common[a * this.guests + b] ?? 0) / more;
        this.square[a * this.guests + b] = alike;
        this.square[b * this.guests + a] = alike;
      }
  }

  /** From 0 to 1. */
  of(a: number, b: number): number {
    return this.square[a * this.guests + b] ?? 0;
  }

  /** Of each two of which one is of these and one of those, the mean. */
  meanOf(these: readonly number[], those: readonly number[]): number {
    let sum = 0;
    for (const a of these) for (const b of those) sum += this.of(a, b);
    return sum / (these.length * those.length);
  }
}

/** Guests, as they stand beside each other. */
type Cluster = readonly number[];

/** How alike a third one is to two that become one, by how alike it was to each. */
type Linkage = (toA: number, toB: number, guestsOfA: number, guestsOfB: number) => number;

const COMPLETE: Linkage = (toA, toB) => Math.min(toA, toB);
const AVERAGE: Linkage = (toA, toB, ofA, ofB) =>
  // Rounded, a mean may be beyond both, and the chain below would go round for ever.
  Math.min(Math.max(toA, toB), (toA * ofA + toB * ofB) / (ofA + ofB));

export interface Ordered {
  /** All guests, in their order. */
  readonly order: readonly number[];
  /** Two guests and more, which are neighbours in that order. */
  readonly groups: readonly Cluster[];
}

/** Guests of which each two are alike by GROUP_LIKENESS; who is like nobody is a group alone. */
export function groupsOf(likeness: Likeness): Cluster[] {
  const alone = likeness.contents.map((_contents, guest): Cluster => [guest]);
  return joined(alone, likeness, GROUP_LIKENESS, COMPLETE);
}

/** Of what is not alike at all the largest goes first, of what is as large what weighs most. */
export function ordered(likeness: Likeness, weightOf: (guest: number) => number): Ordered {
  const groups = groupsOf(likeness);
  const weights = (cluster: Cluster): number =>
    cluster.reduce((sum, guest) => sum + weightOf(guest), 0);
  const heaviestFirst = (a: Cluster, b: Cluster): number =>
    b.length - a.length || weights(b) - weights(a);
  const order = joined(groups, likeness, Number.MIN_VALUE, AVERAGE)
    .map((cluster) => {
      // Both directions are as good: the one in which guests came.
      const [first = 0, last = 0] = [cluster[0], cluster.at(-1)];
      return last < first ? cluster.toReversed() : cluster;
    })
    .sort(heaviestFirst)
    .flat();
  return { order, groups: groups.filter(({ length }) => length > 1).sort(heaviestFirst) };
}

/**
 * Two that are most alike become one, again and again, as long as they are so by `least`: found by
 * the chain of nearest neighbours, which makes the same of them without comparing all each time.
 */
function joined(
  from: readonly Cluster[],
  likeness: Likeness,
  least: number,
  linkage: Linkage,
): Cluster[] {
  const clusters = [...from];
  const square = new Float64Array(from.length ** 2);
  for (const [a, these] of from.entries())
    for (let b = a + 1; b < from.length; b++) {
      const alike = likeness.meanOf(these, from[b] ?? []);
      square[a * from.length + b] = alike;
      square[b * from.length + a] = alike;
    }
  const alike = (a: number, b: number): number => square[a * from.length + b] ?? 0;
  const join = (a: number, b: number): void => {
    const [these, those] = [clusters[a] ?? [], clusters[b] ?? []];
    for (const other of open) {
      const now = linkage(alike(a, other), alike(b, other), these.length, those.length);
      square[a * from.length + other] = now;
      square[other * from.length + a] = now;
    }
    clusters[a] = besideEachOther(these, those, likeness);
    open.delete(b);
  };
  const open = new Set(from.keys());
  const done: Cluster[] = [];
  /** Each is the nearest of the one before it, and nearer to it than that was to its own. */
  const chain: number[] = [];
  for (;;) {
    const [first] = chain.length > 0 ? chain : open;
    if (first === undefined) return done;
    if (chain.length === 0) chain.push(first);
    const at = chain.at(-1) ?? first;
    const before = chain.at(-2);
    let nearest = before;
    let most = before === undefined ? 0 : alike(at, before);
    for (const other of open)
      if (other !== at && alike(at, other) > most) {
        most = alike(at, other);
        nearest = other;
      }
    if (nearest === undefined || most < least) {
      done.push(clusters[at] ?? []);
      open.delete(at);
      chain.pop();
    } else if (nearest === before) {
      chain.length -= 2;
      join(Math.min(at, nearest), Math.max(at, nearest));
    } else chain.push(nearest);
  }
}

/** One after the other, each turned so that those are neighbours that are most alike. */
function besideEachOther(these: Cluster, those: Cluster, likeness: Likeness): Cluster {
  let best: Cluster = [];
  let most = Number.NEGATIVE_INFINITY;
  for (const one of [these, these.toReversed()])
    for (const other of [those, those.toReversed()]) {
      const alike = likeness.of(one.at(-1) ?? 0, other[0] ?? 0);
      if (alike <= most) continue;
      most = alike;
      best = [...one, ...other];
    }
  return best;
}
