/** Which processes have given a device all their memory, and which some buffers of it. */
import { expect, test } from 'vitest';
import { parsePinned } from '../../../src/sources/process/pinned.js';

const KIB = 1024;

function status(pinnedKib: number, residentKib: number): string {
  return `Name:\tserver\nVmPin:\t${String(pinnedKib).padStart(8)} kB\nVmRSS:\t${residentKib} kB\n`;
}

test('a few registered buffers (io_uring) are not all of its memory', () => {
  expect(parsePinned(status(64, 5000), ['socket:[17]', 'anon_inode:[io_uring]'])).toEqual({
    isAll: false,
    bytes: 64 * KIB,
  });
});

test('more than half of what is resident is all of it: a device of a machine', () => {
  expect(parsePinned(status(2501, 5000), [])).toEqual({ isAll: true, bytes: 2501 * KIB });
  expect(parsePinned(status(2500, 5000), [])).toEqual({ isAll: false, bytes: 2500 * KIB });
});

test.each([
  '/dev/vfio/12',
  '/dev/vfio/noiommu-0',
  '/dev/vfio/devices/vfio0',
  'anon_inode:[vfio-device]',
])('an open %s is a device that may write anywhere, whatever is pinned', (file) => {
  expect(parsePinned(status(0, 5000), ['/dev/null', file]).isAll).toBe(true);
});

test('what has nothing open but the container of groups has given away nothing', () => {
  expect(parsePinned(status(0, 5000), ['/dev/vfio/vfio', '/tmp/dev/vfio/12'])).toEqual({
    isAll: false,
    bytes: 0,
  });
});

test('the kernel’s own, and who has no memory any more, have pinned nothing', () => {
  expect(parsePinned('Name:\tkthreadd\n', [])).toEqual({ isAll: false, bytes: 0 });
});
