/** What /proc/PID/smaps says of a mapping, and whether KSM may look at it. */
import { expect, test } from 'vitest';
import { exclusionOf, isAdvised, parseSmaps } from '../../../src/sources/process/smaps.js';

function entry(head: string, sizes: Record<string, number>, flags: string): string {
  const fields = Object.entries(sizes).map(([name, kib]) => `${`${name}:`.padEnd(16)} ${kib} kB`);
  return [head, ...fields, `VmFlags: ${flags} `, ''].join('\n');
}

const TEXT = [
  entry(
    '00400000-00500000 r-xp 00000000 08:01 131090                             /usr/bin/a name',
    { Size: 1024, Rss: 100, Anonymous: 0, Swap: 0 },
    'rd ex mr mw me',
  ),
  entry(
    '00900000-00a00000 rw-p 00500000 08:01 131090                             /usr/bin/a name',
    { Rss: 40, Anonymous: 12, Swap: 4 },
    'rd wr mr mw me ac',
  ),
  entry(
    '7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ',
    { Rss: 2048, Anonymous: 2048 },
    'rd wr mr mw me ac mg hg',
  ),
  entry('7f0000200000-7f0000201000 r--s 00000000 00:01 5 /dev/zero (deleted)', {}, 'rd mr me ms'),
  entry('7f0000300000-7f0000301000 rw-s 00000000 00:01 5 /memfd:x', {}, 'rd wr sh mr mw me ms'),
  entry('7f0000400000-7f0000600000 rw-p 0 00:0f 9 /mnt/huge', { Private_Hugetlb: 2048 }, 'rd ht'),
  entry('7ffd00100000-7ffd00104000 r--p 00000000 00:00 0 [vvar]', {}, 'rd mr pf io de dd'),
  entry('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]', {}, 'ex'),
].join('');

test('mappings are told with their sizes, the gate is none', () => {
  const mappings = parseSmaps(TEXT);
  expect(mappings).toHaveLength(7);
  expect(mappings[1]).toEqual({
    address: 0x900000,
    length: 0x100000,
    path: '/usr/bin/a name',
    rssBytes: 40 * 1024,
    anonymousBytes: 12 * 1024,
    swapBytes: 4 * 1024,
    hugetlbBytes: 0,
    flags: new Set(['rd', 'wr', 'mr', 'mw', 'me', 'ac']),
  });
  expect(mappings[2]).toMatchObject({ path: '', anonymousBytes: 2048 * 1024 });
});

test('KSM may look at what is private, files too, and at nothing shared, hugetlb or of a device', () => {
  expect(parseSmaps(TEXT).map(exclusionOf)).toEqual([
    undefined,
    undefined,
    undefined,
    'shared',
    'shared',
    'hugetlb',
    'device',
  ]);
});

test('it looks at what is advised', () => {
  expect(parseSmaps(TEXT).map(isAdvised)).toEqual([false, false, true, ...Array(4).fill(false)]);
});
