/** The large host, small. */
import { expect, test } from 'vitest';
import { run } from '../daemon-process.js';

test('a sample of a host is predicted, hour by hour', async () => {
  const tool = new URL('../../tools/week.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = await run(process.execPath, [
    ...['--import', 'tsx', tool, '--gibibytes', '1', '--guests', '4', '--hours', '1'],
    ...['--sample', '16', '--pages', '1000'],
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // An eighth of all pages is alike in all four, and a tenth of them are zeroes: 198 MiB, about.
  expect(stdout).toMatch(/^60 min predicted in .*; (?:19|20)\d[.\d]* MiB saved in the end; /m);
});
