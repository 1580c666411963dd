/**
 * Guests that are alike: with one that its family is known by, each has in common half and more of
 * what either of the two shares with anybody.
 */
import type { Engine } from './engine.js';
import { statementsOf } from './queries.js';
import type { Sketch } from './sketch.js';

/**
 * Guests that others are compared with: of a family of a fiftieth of the fleet about ten. Where
 * there are more guests, a family that has none of them is not found.
 */
export const LEADERS = 512;
const FAMILY_SHARE = 0.5;

/** Numbers of guests, the largest family first; who is in none is in none of them. */
export async function families(engine: Engine, sketch: Sketch): Promise<number[][]> {
  const { lowest, highest } = sketch;
  const choices = { leaders: LEADERS, lowest, highest };
  const rows = (await engine.rows(statementsOf('families', choices))).map((row) => ({
    guest: Number(row.number),
    leader: Number(row.leader),
    contents: Number(row.contents),
    own: Number(row.own),
  }));
  const owns = new Map(rows.map(({ guest, own }) => [guest, own]));
  const heads = new Map<number, number>();
  const headOf = (leader: number): number => {
    const head = heads.get(leader) ?? leader;
    return head === leader ? leader : headOf(head);
  };
  const alike = rows.filter(({ leader, contents, own }) => {
    return contents >= Math.max(own, owns.get(leader) ?? 0) * FAMILY_SHARE;
  });
  for (const { guest, leader } of alike) heads.set(headOf(guest), headOf(leader));
  const found = new Map<number, number[]>();
  for (const guest of owns.keys()) {
    const head = headOf(guest);
    found.set(head, [...(found.get(head) ?? []), guest]);
  }
  return [...found.values()]
    .filter((family) => family.length > 1)
    .map((family) => family.sort((a, b) => a - b))
    .sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}
