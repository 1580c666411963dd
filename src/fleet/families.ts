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
export const FAMILY_PAGES = 8_000_000;

export interface Families {
  /** How many there are in all. */
  readonly guests: number;
  /** Names of guests, the largest family first; who is in none is in none of them. */
  readonly alike: readonly (readonly string[])[];
}

export async function families(engine: Engine, size: FleetSize): Promise<Families> {
  const { lowest, highest } = size.sketch(FAMILY_PAGES);
  const names = await engine.rows(statementsOf('names'));
  const rows = await engine.rows(statementsOf('crowd', { lowest, highest }));
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

/**
 * Each guest in turn, to the family of which the one that is least like it is most like it. The
 * first of a family puts most of them out of the question: which contents these have is known by
 * content.
 */
function oneByOne(lists: ContentLists): number[][] {
  const found: number[][] = [];
  const ledBy = new Map<number, number[]>();
  const isOwn = new Uint8Array(lists.numbers);
  for (let guest = 0; guest < lists.guests; guest++) {
    const own = lists.of(guest);
    const inCommon = new Uint32Array(found.length);
    for (const content of own) {
      isOwn[content] = 1;
      for (const family of ledBy.get(content) ?? []) inCommon[family]++;
    }
    const likeness = (other: number, common: number): number =>
      common / Math.max(own.length, lists.length(other), 1);
    let best = found.length;
    let most = 0;
    for (const [family, members] of found.entries()) {
      let least = likeness(members[0] ?? 0, inCommon[family] ?? 0);
      for (let at = 1; at < members.length && least >= GROUP_LIKENESS && least > most; at++) {
        const other = members[at] ?? 0;
        least = Math.min(least, likeness(other, lists.marked(other, isOwn)));
      }
      if (least < GROUP_LIKENESS || least <= most) continue;
      best = family;
      most = least;
    }
    if (best === found.length) {
      found.push([]);
      for (const content of own) {
        const led = ledBy.get(content);
        if (led === undefined) ledBy.set(content, [best]);
        else led.push(best);
      }
    }
    found[best]?.push(guest);
    for (const content of own) isOwn[content] = 0;
  }
  return found;
}
