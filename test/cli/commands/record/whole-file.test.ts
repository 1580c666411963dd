/** What stands in for an older file, and what is left where it is. */
import { execFileSync } from 'node:child_process';
import { constants, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { writeWhole } from '../../../../src/cli/commands/record/whole-file.js';
import { TemporaryDirectory } from '../../../daemon-process.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

test('an older file is replaced', async () => {
  const path = directory.file('page');
  writeFileSync(path, 'an older and longer one');
  await writeWhole(path, (file) => file.writeFile('new'));
  expect(readFileSync(path, 'utf8')).toBe('new');
});

test('a link to one stays a link', async () => {
  const path = directory.file('link');
  symlinkSync('page', path);
  await writeWhole(path, (file) => file.writeFile('newer'));
  expect(readFileSync(directory.file('page'), 'utf8')).toBe('newer');
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
});

test('a pipe is written to, and stays one', async () => {
  const path = directory.file('pipe');
  execFileSync('mkfifo', [path]);
  const reader = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    await writeWhole(path, (file) => file.writeFile('new'));
    const { bytesRead, buffer } = await reader.read({ buffer: Buffer.alloc(8) });
    expect(buffer.toString('utf8', 0, bytesRead)).toBe('new');
    expect(lstatSync(path).isFIFO()).toBe(true);
  } finally {
    await reader.close();
  }
});
