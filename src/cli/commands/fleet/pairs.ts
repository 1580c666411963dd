/** `ksmd fleet pairs`: which guests are alike, and which two have most in common. */
import { type Estimated, Scale, Summed } from '../../../estimate/scale.js';
import type { FleetIdentity } from '../../../fleet/dataset.js';
import type { Engine, Row } from '../../../fleet/engine.js';
import { FAMILY_PAGES, families, MOST_IN_ORDER } from '../../../fleet/families.js';
import { FleetSize } from '../../../fleet/fleet-size.js';
import { type Pairs, pairs } from '../../../fleet/pairs.js';
import { count, figure, size } from '../../../wording/amounts.js';
import { type Column, fittedTable } from '../../terminal/fitted-table.js';
import { prose } from '../../terminal/rows.js';
import { shortened, table } from '../../terminal/tables.js';
import type { Session } from '../../verb.js';
import { estimateColumns, more, numberOf, textOf } from './rows.js';

/** Names of a family that are told. */
const NAMED = 3;

export async function tellPairs(
  { json, print, printJson }: Session,
  engine: Engine,
  identity: FleetIdentity,
  top: number,
): Promise<void> {
  const fleet = await FleetSize.of(engine, identity);
  const { guests, alike } = await families(engine, fleet);
  const found = await pairs(engine, fleet.sketch(), top, fleet.sketch(FAMILY_PAGES));
  if (json)
    printJson({
      sample: identity.sample,
      families: alike,
      pairs: found.rows,
      missed: found.missed,
    });
  else
    print(
      ...familyLines(alike, guests, top, process.stdout.columns),
      ...pairLines(found, identity, top, process.stdout.columns),
    );
}

/** Families by the names of their guests, the largest first. */
export function familyLines(
  alike: readonly (readonly string[])[],
  guests: number,
  top: number,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const inOne = alike.reduce((sum, family) => sum + family.length, 0);
  const shown = alike.slice(0, top);
  const numbers = ['GUESTS', ...shown.map(({ length }) => figure(length))];
  const forNames = room - Math.max(...numbers.map(({ length }) => length)) - 2;
  return [
    ...prose(
      [
        `${count(guests, 'guest')}, ${figure(inOne)} of them in ` +
          `${count(alike.length, 'family', 'families')}: each two alike by half of what the ` +
          'larger one shares, and more',
      ],
      room,
    ),
    ...(alike.length === 0 ? [] : ['']),
    ...(alike.length === 0
      ? []
      : table(
          ['ALIKE', 'GUESTS'],
          shown.map((family) => [named(family, forNames), figure(family.length)]),
        )),
    ...more(alike.length, top),
    ...(guests <= MOST_IN_ORDER
      ? []
      : prose(['Put together one guest after the other: other families may be as good.'], room)),
    '',
  ];
}

/** Some of them, as many as there is room for; one in any case. */
function named(family: readonly string[], room: number): string {
  const listed = (names: readonly string[]): string =>
    [...names, ...(family.length > names.length ? ['…'] : [])].join(', ');
  for (let most = Math.min(NAMED, family.length); most > 1; most--) {
    const list = listed(family.slice(0, most));
    if (list.length <= room) return list;
  }
  const [first = ''] = family;
  return listed([shortened(first, room - (listed([first]).length - first.length))]);
}

export function pairLines(
  { rows, missed }: Pairs,
  { sample, pageSize }: FleetIdentity,
  top: number,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const scale = new Scale(sample);
  const bytes = (pages: number): string => size(pages * pageSize);
  const inCommon = (row: Row): Estimated => {
    const contents = new Summed();
    contents.addEach(1, numberOf(row, 'contents'));
    return scale.of(contents);
  };
  const guest = (x: 'a' | 'b', head: string): Column<Row> => ({
    head,
    of: (row) => `${textOf(row, `${x}_host`)}/${textOf(row, `${x}_guest`)}`,
    isName: true,
  });
  const columns = [
    guest('a', 'GUEST'),
    guest('b', 'WITH'),
    ...estimateColumns('IN COMMON', rows, inCommon, bytes, 1),
  ];
  return [
    ...(rows.length === 0
      ? prose(['No two guests were found to have anything in common but zeroes.'], room)
      : fittedTable(columns, rows, room)),
    ...prose(
      [
        ...(missed === 0
          ? []
          : [
              `They are the best ${top} of those that a part of the sample has shown; others ` +
                `have ${bytes(missed * sample)} in common at most.`,
            ]),
        ...(sample === 1 ? [] : [`Of one content in ${figure(sample)}: ± holds 95 times in 100.`]),
      ],
      room,
    ),
  ];
}
