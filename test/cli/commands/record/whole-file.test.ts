/** What stands in for an older file, and what is left where it is. */
import { execFileSync } from 'node:child_process';
import { constants, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { type FileKind, writeWhole } from '../../../../src/cli/commands/record/whole-file.js';
import { TemporaryDirectory } from '../../../daemon-process.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

const KIND: FileKind = {
  what: 'letter',
  mode: 0o640,
  isBegunBy: (head) => head.startsWith('Dear '),
};

test('an older one of its kind is replaced, and an empty file', async () => {
  for (const before of ['Dear you, and longer than the other one', '']) {
    const path = directory.file('page');
    writeFileSync(path, before);
    await writeWhole(path, KIND, (file) => file.writeFile('Dear me'));
    expect(readFileSync(path, 'utf8')).toBe('Dear me');
    expect(statSync(path).mode & 0o700).toBe(0o600);
  }
});

test('one of another kind stays, and nothing is asked that would be written', async () => {
  const path = directory.file('diary');
  writeFileSync(path, 'Oh dear Dear ');
  const write = vi.fn();
  await expect(writeWhole(path, KIND, write)).rejects.toMatchObject({
    code: 'EEXIST',
    message: `'${path}' is there, and is no letter`,
  });
  expect(write).not.toHaveBeenCalled();
  expect(readFileSync(path, 'utf8')).toBe('Oh dear Dear ');
});

test('a link to one stays a link', async () => {
  const path = directory.file('link');
  symlinkSync('page', path);
  await writeWhole(path, KIND, (file) => file.writeFile('newer'));
  expect(readFileSync(directory.file('page'), 'utf8')).toBe('newer');
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
});

test('a pipe is written to, and stays one', async () => {
  const path = directory.file('pipe');
  execFileSync('mkfifo', [path]);
  const reader = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    await writeWhole(path, KIND, (file) => file.writeFile('new'));
    const { bytesRead, buffer } = await reader.read({ buffer: Buffer.alloc(8) });
    expect(buffer.toString('utf8', 0, bytesRead)).toBe('new');
    expect(lstatSync(path).isFIFO()).toBe(true);
  } finally {
    await reader.close();
  }
});
