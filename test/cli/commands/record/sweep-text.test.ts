/** What a capture says of each sweep. */
import { expect, test } from 'vitest';
import { sweepLines } from '../../../../src/cli/commands/record/sweep-text.js';

const REPORT = {
  ...{ sweep: 2, startMs: 0, durationMs: 500, processorMs: 90, guests: 12, pages: 123_456 },
  ...{ changedPages: 1234, restlessPages: 17, tellsFrames: true },
};

test('is a line in a file', () => {
  expect(sweepLines(REPORT, 4096)).toEqual([
    'sweep 2: 12 guests, 123,456 pages (482.2 MiB), 1,234 changed, 17 never rest, ' +
      '500 ms at 964.5 MiB/s, 18.0 % of a processor',
  ]);
});

test.each([40, 60, 80])('breaks between words at %i columns', (columns) => {
  const lines = sweepLines(REPORT, 4096, columns);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  expect(lines.join(' ')).toBe(sweepLines(REPORT, 4096)[0]);
});
