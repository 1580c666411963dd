/** Lines that are longer than a terminal is wide. */
import { expect, test } from 'vitest';
import { hanging } from '../../../src/cli/terminal/rows.js';

const SAID = [
  'web: 2,436 pages (9.5 MiB) of process 32314 in 68 mappings',
  '  as if prctl(PR_SET_MEMORY_MERGE) were set: it has advised nothing',
];

test('go on below between two words, a little further to the right', () => {
  expect(hanging(SAID, 40)).toEqual([
    'web: 2,436 pages (9.5 MiB) of process',
    '  32314 in 68 mappings',
    '  as if prctl(PR_SET_MEMORY_MERGE)',
    '    were set: it has advised nothing',
  ]);
});

test('are whole where they have room, and where nothing says how much there is', () => {
  expect(hanging(SAID, 67)).toEqual(SAID);
  expect(hanging(SAID)).toEqual(SAID);
});
