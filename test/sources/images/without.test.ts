/** What images come to where koffi is not installed, and where there is little room. */
import { truncateSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test, vi } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import { kdump } from '../../../tools/images/kdump-writer.js';
import { Files } from './files.js';
import { distinctPages, memoryOfImage } from './memory.js';

vi.mock('koffi', () => {
  throw new Error('not installed');
});
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  statfs: async () => ({ bavail: 4, bsize: 4096 }),
}));

const files = new Files();
afterAll(() => files.remove());

test('without koffi holes are read as zeroes, and that is said', async () => {
  const path = files.written('sparse', distinctPages(1));
  truncateSync(path, 64 * 4096);
  const { title, pages } = await memoryOfImage(path);
  expect(title).toBe(
    'raw image; its holes are read as zeroes: koffi, which finds them, is not installed',
  );
  expect(pages.size).toBe(64);
});

test('a kdump out of a stream takes half of what is free for temporary files at most', async () => {
  const path = files.written('kdump', gzipSync(kdump([distinctPages(1)])));
  await expect(openImage(path)).rejects.toMatchObject({
    code: 'ENOSPC',
    message: expect.stringMatching(/takes more than 8192 bytes, half of what is free in .*TMPDIR$/),
  });
});
