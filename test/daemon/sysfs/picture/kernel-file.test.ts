import {
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { assert, constantFrom, property, tuple } from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KernelFile } from '../../../../src/daemon/sysfs/picture/kernel-file.js';
import { TemporaryDirectory } from '../../../daemon-process.js';

/** What a reader could have found: the file after every change of it. */
const seen = vi.hoisted(() => ({ path: '', texts: [] as string[] }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const look = (): void => {
    if (seen.path !== '') seen.texts.push(fs.readFileSync(seen.path, 'latin1'));
  };
  return {
    ...fs,
    writeSync: (fd: number, text: string, position: number) => {
      const written = fs.writeSync(fd, text, position);
      look();
      return written;
    },
    ftruncateSync: (fd: number, length: number) => {
      fs.ftruncateSync(fd, length);
      look();
    },
  };
});

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => {
  seen.path = '';
  seen.texts = [];
  directory.remove();
});

test('the look at every change sees what the file holds', () => {
  seen.path = directory.file('f');
  const fd = openSync(seen.path, 'w+');
  writeSync(fd, 'abc', 0);
  ftruncateSync(fd, 1);
  expect(seen.texts).toEqual(['abc', 'a']);
});

test('a reader finds the text before or the text after, whatever their lengths, and empty lines below it at most', () => {
  const path = directory.file('run');
  const file = KernelFile.open(path, 0o644, '1\n');
  const texts = constantFrom(
    '0\n',
    '7\n',
    '10\n',
    '99\n',
    '256\n',
    '4294967295\n',
    '-64\n',
    '[none] scan-time\n',
    'none [scan-time]\n',
  );
  seen.path = path;
  assert(
    property(tuple(texts, texts), ([before, after]) => {
      file.show(before);
      seen.texts = [];
      file.show(after);
      for (const text of seen.texts) expect([before, after]).toContain(`${text.trimEnd()}\n`);
      // Nor between two of them: a reader may have the length of before with the bytes of after.
      for (const [i, text] of seen.texts.entries()) {
        const last = seen.texts[i - 1] ?? before;
        expect(
          text.length === last.length || text.startsWith(last) || last.startsWith(text),
          `'${last}', then '${text}'`,
        ).toBe(true);
      }
      expect(readFileSync(path, 'latin1')).toBe(after);
    }),
  );
  file.close();
});

test('whatever others have left in it, it shows exactly what it is told', () => {
  const path = directory.file('run');
  const file = KernelFile.open(path, 0o644, '100\n');
  for (const left of ['', '5', '5\n', '5\n0\n', '100\n5\n', 'x'.repeat(5000)]) {
    writeFileSync(path, left);
    file.show('100\n');
    expect(readFileSync(path, 'latin1')).toBe('100\n');
  }
  file.close();
});

test('what somebody else has written already is not written again, over what comes next', () => {
  const path = directory.file('run');
  const file = KernelFile.open(path, 0o644, '1\n');
  writeFileSync(path, '2\n');
  seen.path = path;
  file.show('2\n');
  expect(seen.texts).toEqual([]);
  expect(file.shown).toBe('2\n');
  file.close();
});

test('who keeps it open reads what it shows now, and it is the same file always', () => {
  const path = directory.file('full_scans');
  const file = KernelFile.open(path, 0o444, '9\n');
  const { ino } = statSync(path);
  const reader = openSync(path, 'r');
  const buffer = Buffer.alloc(64);
  for (const text of ['10\n', '4294967296\n', '0\n']) {
    file.show(text);
    expect(buffer.toString('latin1', 0, readSync(reader, buffer, 0, 64, 0))).toBe(text);
  }
  expect(statSync(path).ino).toBe(ino);
  expect(fstatSync(reader).mode & 0o777).toBe(0o444);
  file.close();
});

test('one that was left behind is taken over in place, though its owner may not write it', () => {
  const path = directory.file('full_scans');
  writeFileSync(path, '123456\n', { mode: 0o444 });
  const { ino } = statSync(path);
  KernelFile.open(path, 0o444, '0\n').close();
  expect(readFileSync(path, 'latin1')).toBe('0\n');
  expect(statSync(path)).toMatchObject({ ino, mode: 0o100444 });
});
