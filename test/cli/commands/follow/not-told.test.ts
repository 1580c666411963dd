/** What a kernel does not tell whoever follows. */
import { expect, test } from 'vitest';
import { notTold } from '../../../../src/cli/commands/follow/not-told.js';

const NOTHING = { tellsFrames: false, tellsKinds: false };

test.each([40, 60, 80])('fits a terminal of %i columns, with all of its words', (columns) => {
  const lines = notTold(NOTHING, columns);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  const words = (text: readonly string[]): string[] => text.join(' ').trim().split(/ +/);
  expect(words(lines)).toEqual(words(notTold(NOTHING, Number.POSITIVE_INFINITY)));
});

test('is nothing where all is told, and a line each in a file', () => {
  const room = Number.POSITIVE_INFINITY;
  expect(notTold({ tellsFrames: true, tellsKinds: true }, room)).toEqual([]);
  expect(notTold(NOTHING, room)).toEqual([
    expect.stringMatching(/^ {2}forks are told by the exclusive bit: .* CAP_SYS_ADMIN alone$/),
    expect.stringMatching(/^ {2}huge pages and the zero page are not told from others: /),
  ]);
});
