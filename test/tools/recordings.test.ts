/** The program that holds captures against live processes, with little memory and few tries. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../daemon-process.js';

const PROGRAM = fileURLToPath(new URL('../../tools/recordings.ts', import.meta.url));

test('samples say what the whole says, and recordings that break off are read', async () => {
  const small = ['--gibibytes', '0.03', '--processes', '3', '--kills', '3', '--tries', '20'];
  const only = ['--only', 'samples', 'broken'];
  const program = ['--import', 'tsx', PROGRAM, ...small, ...only];
  const { status, stdout, stderr } = await run(process.execPath, program);
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/one in 64: of 20 samples saved is within its error \d+ times/);
  expect(stdout).toMatch(/killed 3 times: 0 had lost a sweep that was told/);
});
