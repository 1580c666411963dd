import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { openRegularFile } from '../../src/sources/regular-file.js';
import { TemporaryDirectory } from '../daemon-process.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

test('a file is opened, and its length known', async () => {
  const path = directory.file('image');
  writeFileSync(path, new Uint8Array(5000));
  const { file, length } = await openRegularFile(path);
  await file.close();
  expect(length).toBe(5000);
});

test('a pipe that nobody writes to is refused, and so are a device and a directory', async () => {
  const pipe = directory.file('pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, '/dev/zero', directory.path])
    await expect(openRegularFile(path)).rejects.toThrow(`${path} is no regular file`);
});
