/** `ksmd fleet pairs`: which guests are alike, and which two have most in common. */
import { Scale, Summed } from '../../../estimate/scale.js';
import type { FleetIdentity } from '../../../fleet/dataset.js';
import type { Engine, Row } from '../../../fleet/engine.js';
import { families, LEADERS } from '../../../fleet/families.js';
import { type Pairs, pairs } from '../../../fleet/pairs.js';
import { statementsOf } from '../../../fleet/queries.js';
import { sketchOf } from '../../../fleet/sketch.js';
import { count, figure, size } from '../../../wording/amounts.js';
import { table } from '../../terminal/tables.js';
import type { Session } from '../../verb.js';
import { about, more, numberOf, textOf } from './rows.js';

/** Names of a family that are told. */
const NAMED = 3;

export async function tellPairs(
  { json, print, printJson }: Session,
  engine: Engine,
  identity: FleetIdentity,
  top: number,
): Promise<void> {
  const [[fleet] = [], guests = []] = await engine.rowsOfEach([
    statementsOf('size'),
    statementsOf('names'),
  ]);
  const sketch = sketchOf(identity, numberOf(fleet, 'sampled_pages'));
  const alike = await families(engine, sketch);
  const found = await pairs(engine, sketch, top);
  const nameOf = (number: number): string => {
    const guest = guests[number - 1];
    return `${textOf(guest, 'host')}/${textOf(guest, 'guest')}`;
  };
  if (json)
    printJson({
      sample: identity.sample,
      families: alike.map((family) => family.map(nameOf)),
      pairs: found.rows,
      missed: found.missed,
    });
  else print(...familyLines(alike, guests.length, nameOf, top), ...pairLines(found, identity, top));
}

function familyLines(
  alike: readonly (readonly number[])[],
  guests: number,
  nameOf: (number: number) => string,
  top: number,
): string[] {
  const inOne = alike.reduce((sum, family) => sum + family.length, 0);
  return [
    `${count(guests, 'guest')}: ${figure(inOne)} alike by half of what they share ` +
      `and more, in ${count(alike.length, 'family', 'families')}`,
    ...(alike.length === 0 ? [] : ['']),
    ...(alike.length === 0
      ? []
      : table(
          ['ALIKE', 'GUESTS'],
          alike
            .slice(0, top)
            .map((family) => [
              [...family.slice(0, NAMED).map(nameOf), ...(family.length > NAMED ? ['…'] : [])].join(
                ', ',
              ),
              figure(family.length),
            ]),
        )),
    ...more(alike.length, top),
    ...(guests <= LEADERS
      ? []
      : ['Compared with some of them, not with all: small families may be missing.']),
    '',
  ];
}

function pairLines({ rows, missed }: Pairs, identity: FleetIdentity, top: number): string[] {
  const { sample, pageSize } = identity;
  const scale = new Scale(sample);
  const bytes = (pages: number): string => size(pages * pageSize);
  const inCommon = (row: Row): string => {
    const contents = new Summed();
    contents.addEach(1, numberOf(row, 'contents'));
    const { pages, error } = scale.of(contents);
    return about(pages, error, bytes);
  };
  return [
    ...(rows.length === 0
      ? ['No two guests were found to have anything in common but zeroes.']
      : table(
          ['TWO GUESTS', 'IN COMMON'],
          rows.map((row) => [
            ['a', 'b']
              .map((x) => `${textOf(row, `${x}_host`)}/${textOf(row, `${x}_guest`)}`)
              .join(', '),
            inCommon(row),
          ]),
        )),
    ...(missed === 0
      ? []
      : [
          `They are the best ${top} of those that a part of the sample has shown; others have ` +
            `${bytes(missed * sample)} in common at most.`,
        ]),
    ...(sample === 1 ? [] : [`Of one content in ${figure(sample)}: ± holds 95 times in 100.`]),
  ];
}
