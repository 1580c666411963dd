/**
 * A table whose rows begin with words: where a terminal is narrow these go on below, between two of
 * them, and the figures stand beside the last line. No figure is ever cut or left out.
 */
import { wrapped } from './rows.js';
import { table } from './tables.js';

const GAP = 2;
/** Words that have less room are no longer read. */
const LEAST_ROOM = 12;

export function wordedTable(
  head: readonly string[],
  rows: readonly (readonly [words: string, ...figures: string[]])[],
  room: number,
): string[] {
  const forFigures = head
    .slice(1)
    .map((name, at) => Math.max(name.length, ...rows.map((row) => row[at + 1]?.length ?? 0)))
    .reduce((sum, width) => sum + GAP + width, 0);
  const forWords = Math.max(LEAST_ROOM, room - forFigures);
  return table(
    head,
    rows.flatMap(([words, ...figures]) => {
      if (words.length <= forWords) return [[words, ...figures]];
      // As far to the right as a row begins, and a little further on its other lines.
      const indent = ' '.repeat(words.length - words.trimStart().length);
      const lines = wrapped(words.trimStart(), forWords - indent.length - GAP);
      return lines.map((line, at) => [
        indent + (at === 0 ? '' : ' '.repeat(GAP)) + line,
        ...(at === lines.length - 1 ? figures : []),
      ]);
    }),
  );
}
