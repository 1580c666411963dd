/**
 * Guests that are alike: each two of a family have in common half and more of what that one of them
 * shares with anybody which shares more. Every two are compared, by the contents that they have of
 * a sketch.
 *
 * Up to so many guests families are made as `ksmd shared` makes its groups, those that are most
 * alike first. Of more guests the next one goes to the family that it fits best, or is the first of
 * a new one: of these, too, each two are alike, but others might be as good.
 */
import { GROUP_LIKENESS, groupsOf, Likeness } from '../estimate/likeness.js';
import { ContentLists } from './content-lists.js';
import type { Engine } from './engine.js';
import type { FleetSize } from './fleet-size.js';
import { statementsOf } from './queries.js';

/** So many guests are put together in the best order: that takes the square of them in memory. */
export const MOST_IN_ORDER = 2000;

/**
 * A sketch of so many pages tells guests of a thousand hosts apart: of each it has some hundred
 * contents that others have too.
 */
const FAMILY_PAGES = 8_000_000;

export interface Families {
  /** How many there are in all. */
  readonly guests: number;
  /** Names of guests, the largest family first; who is in none is in none of them. */
  readonly alike: readonly (readonly string[])[];
}

export async function families(engine: Engine, size: FleetSize): Promise<Families> {
  const { lowest, highest } = size.sketch(FAMILY_PAGES);
  const [names = [], rows = []] = await engine.rowsOfEach([
    statementsOf('names'),
    statementsOf('crowd', { lowest, highest }),
  ]);
  const nameOf = (guest: number): string => `${names[guest]?.host}/${names[guest]?.guest}`;
  const alike = familiesOf(ContentLists.of(rows)).map((family) => family.map(nameOf));
  return { guests: names.length, alike };
}

/** Of guests by their places in the lists. */
export function familiesOf(lists: ContentLists, mostInOrder = MOST_IN_ORDER): number[][] {
  const all = lists.guests <= mostInOrder ? groupsOf(likenessOf(lists)) : oneByOne(lists);
  return all
    .filter((family) => family.length > 1)
    .map((family) => family.toSorted((a, b) => a - b))
    .sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

function likenessOf(lists: ContentLists): Likeness {
  const { guests } = lists;
  const common = new Float64Array(guests ** 2);
  lists.eachCommon((guest, counts) => {
    for (const [before, contents] of counts.entries()) common[before * guests + guest] = contents;
  });
  return new Likeness([...lists.lengths()], common);
}

/** Each guest in turn, to the family of which the one that is least like it is most like it. */
function oneByOne(lists: ContentLists): number[][] {
  const found: number[][] = [];
  const familyOf = new Int32Array(lists.guests);
  const own = lists.lengths();
  lists.eachCommon((guest, counts) => {
    const least = new Float64Array(found.length).fill(1);
    for (let before = 0; before < guest; before++) {
      const likeness = counts[before] / Math.max(own[guest], own[before], 1);
      if (likeness < least[familyOf[before]]) least[familyOf[before]] = likeness;
    }
    let best = found.length;
    for (const [family, likeness] of least.entries())
      if (likeness >= GROUP_LIKENESS && likeness > (least[best] ?? 0)) best = family;
    familyOf[guest] = best;
    found[best] = [...(found[best] ?? []), guest];
  });
  return found;
}
