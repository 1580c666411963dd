import { describe, expect, test } from 'vitest';
import { joined } from '../../src/cli/commands/guests/register-process.js';
import {
  parseAssignment,
  parseBytes,
  parseCount,
  parsePositiveTimeout,
  parseTimeout,
} from '../../src/cli/values.js';
import { privateAnonymousMappings } from '../../src/sources/process-memory.js';

test.each([
  ['4096', 4096],
  ['0x1000', 4096],
  ['64KiB', 65536],
  ['64K', 65536],
  ['1MB', 2 ** 20],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['12B', 12],
])('%s is a size of %i bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', 'x', '-1', '1.5', '12QB', '0x', '1e3', '99999999999999999999'])(
  '%j is no size',
  (text) => {
    expect(() => parseBytes(text)).toThrow('Write bytes');
  },
);

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

test('of a process, what is private and of no file is its own', () => {
  const maps = [
    '00400000-00500000 r-xp 00000000 08:01 131090                             /usr/bin/node',
    '00900000-00a00000 rw-p 00500000 08:01 131090                             /usr/bin/node',
    '01000000-01100000 rw-p 00000000 00:00 0                                  [heap]',
    '7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ',
    '7f0000100000-7f0000101000 rw-p 00000000 00:00 0                          [anon:a name]',
    '7f0000200000-7f0000201000 rw-s 00000000 00:01 1024                       /dev/zero (deleted)',
    '7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]',
    '7ffd00100000-7ffd00104000 r--p 00000000 00:00 0                          [vvar]',
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]',
    '',
  ].join('\n');
  expect(privateAnonymousMappings(maps)).toEqual([
    { address: 0x01000000, length: 0x100000 },
    { address: 0x7f0000000000, length: 0x21000 },
    { address: 0x7f0000100000, length: 0x1000 },
    { address: 0x7ffd00000000, length: 0x21000 },
  ]);
});

describe('present pages', () => {
  const page = 4096;
  const at = (number: number, pages: number, huge = false) => ({
    address: number * page,
    length: pages * page,
    huge,
  });

  test('next to each other are one region, over small gaps too; what lies far apart is not', () => {
    const ranges = [at(0, 2), at(2, 1), at(67, 1), at(133, 1)];
    expect(joined(ranges)).toEqual([
      { ...at(0, 68), ranges: ranges.slice(0, 3) },
      { ...at(133, 1), ranges: ranges.slice(3) },
    ]);
  });

  test('in huge pages are a region of those alone, without a gap', () => {
    const ranges = [
      at(511, 1),
      at(512, 512, true),
      at(1024, 512, true),
      at(2048, 512, true),
      at(2560, 1),
    ];
    expect(joined(ranges)).toEqual([
      { ...at(511, 1), ranges: ranges.slice(0, 1) },
      { ...at(512, 1024, true), ranges: ranges.slice(1, 3) },
      { ...at(2048, 512, true), ranges: ranges.slice(3, 4) },
      { ...at(2560, 1), ranges: ranges.slice(4) },
    ]);
  });
});
