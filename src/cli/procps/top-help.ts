/** What `?` shows in `ksmd top`: its keys, its columns, and the signs in its bars. */
import { rows } from '../terminal/rows.js';
import { type StyledLine, styledLine } from '../terminal/styled.js';
import { COLUMNS, NAME_COLUMN, ORDER_KEYS } from './top-columns.js';
import { BAR_SIGNS } from './top-summary.js';

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ['q', 'quit'],
  ['?', 'this help; any key leaves it'],
  ['< >', 'sort by the column beside'],
  [
    Object.keys(ORDER_KEYS).join(' '),
    `sort by ${Object.values(ORDER_KEYS)
      .join(', ')
      .replace(/, (\S+)$/, ' or $1')}`,
  ],
  ['up down', 'scroll; page, home, end too'],
];

/** All of it on a screen of 24 rows and 40 columns: it does not scroll. */
export function helpLines(columns: number): StyledLine[] {
  const heading = (text: string): StyledLine => styledLine([{ text, style: 'bold' }], columns);
  const told = (entries: readonly (readonly [string, string])[]): StyledLine[] =>
    rows(
      entries.map(([name, text]) => [` ${name}`, text]),
      columns,
    ).map((text) => styledLine([{ text }], columns));
  return [
    heading('Keys'),
    ...told(KEYS),
    heading('Columns'),
    ...told([
      ...COLUMNS.map(({ name, meaning }) => [name, meaning] as const),
      [NAME_COLUMN, 'its name'],
    ]),
    heading('Bars'),
    ...told(BAR_SIGNS),
  ];
}
