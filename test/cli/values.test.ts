import { expect, test } from 'vitest';
import {
  parseAssignment,
  parseBytes,
  parseCount,
  parsePageSharing,
  parsePositiveTimeout,
  parseTimeout,
} from '../../src/cli/values.js';

test.each([
  ['4096', 4096],
  ['0x1000', 4096],
  ['64KiB', 65536],
  ['64K', 65536],
  ['1MB', 2 ** 20],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['12B', 12],
  ['3.2GiB', 3_435_973_836],
])('%s is a size of %i bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', 'x', '-1', '1.5', '12QB', '0x', '1e3', '99999999999999999999'])(
  '%j is no size',
  (text) => {
    expect(() => parseBytes(text)).toThrow('Write bytes');
  },
);

test('max_page_sharing is 2 at least, as the kernel has it', () => {
  expect(parsePageSharing('2')).toBe(2);
  for (const text of ['0', '1', '-2', 'x']) expect(() => parsePageSharing(text)).toThrow('Write');
});

test('a count is whole', () => {
  expect(parseCount('12')).toBe(12);
  for (const text of ['', '-1', '1.5', '0x10'])
    expect(() => parseCount(text)).toThrow('Write a whole number');
});

test('a timeout is one that a timer can wait', () => {
  expect(parseTimeout('0')).toBe(0);
  for (const parse of [parseTimeout, parsePositiveTimeout]) {
    expect(parse('2147483647')).toBe(2 ** 31 - 1);
    for (const text of ['2147483648', '99999999999']) expect(() => parse(text)).toThrow('at most');
    for (const text of ['-1', '1.5']) expect(() => parse(text)).toThrow('Write a whole number');
  }
  expect(() => parsePositiveTimeout('0')).toThrow('above 0');
});

test('assignments keep their order', () => {
  const all = ['b=1', 'a=2=3', 'c='].reduce<ReadonlyMap<string, string> | undefined>(
    (before, text) => parseAssignment(text, before),
    undefined,
  );
  expect([...(all ?? [])]).toEqual([
    ['b', '1'],
    ['a', '2=3'],
    ['c', ''],
  ]);
  expect(() => parseAssignment('=1', undefined)).toThrow('Write NAME=VALUE');
  // The values go to the daemon by name, and of two one would be lost.
  expect(() => parseAssignment('run=0', new Map([['run', '2']]))).toThrow(
    'run is there twice: write it in a command of its own.',
  );
});
