import { closeSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { distinctPages, holds, memoryOf, memoryOfImage } from './memory.js';
import { pipedFrom } from './piped.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

function written(name: string, bytes: Uint8Array): string {
  const path = directory.file(name);
  writeFileSync(path, bytes);
  return path;
}

describe('a raw image', () => {
  test('is memory from address 0 on, byte by byte', async () => {
    const bytes = distinctPages(600);
    const memory = await memoryOfImage(written('memory', bytes));
    expect(memory).toMatchObject({ title: 'raw image', addresses: 'physical', leftOut: [] });
    expect(memory.mappings).toEqual([{ type: 'mapping', address: 0, pages: 600, name: 'image' }]);
    expect(holds(memory, 0, bytes)).toBe(true);
  });

  test('of 64 MiB of holes has no page present', async () => {
    const path = written('holes', Buffer.alloc(0));
    truncateSync(path, 64 * 2 ** 20);
    const { mappings, pages } = await memoryOfImage(path);
    expect(mappings).toEqual([{ type: 'mapping', address: 0, pages: 16384, name: 'image' }]);
    expect(pages.size).toBe(0);
  });

  test('keeps its holes, and has pages of zeroes that were written', async () => {
    const path = written('sparse', Buffer.alloc(0));
    truncateSync(path, 2 ** 20);
    const file = openSync(path, 'r+');
    const page = distinctPages(1);
    for (const at of [3, 4, 200]) writeSync(file, page, 0, 4096, at * 4096);
    writeSync(file, Buffer.alloc(4096), 0, 4096, 100 * 4096);
    closeSync(file);
    const { pages } = await memoryOfImage(path);
    expect([...pages.keys()].map((address) => address / 4096)).toEqual([3, 4, 100, 200]);
    expect(pages.get(100 * 4096)).toEqual(Buffer.alloc(4096));
    expect(pages.get(200 * 4096)).toEqual(page);
  });

  test('that a byte has been written into has that page', async () => {
    const path = written('byte', Buffer.alloc(0));
    truncateSync(path, 2 ** 20);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.from('x'), 0, 1, 77 * 4096 + 1000);
    closeSync(file);
    const { pages } = await memoryOfImage(path);
    expect(pages.get(77 * 4096)?.indexOf('x')).toBe(1000);
    expect(pages.size).toBeLessThanOrEqual(statSync(path).blksize / 4096);
  });

  test('comes out of a pipe as well, which is waited for', async () => {
    const bytes = distinctPages(700);
    const source = written('source', bytes);
    const { path, ended } = pipedFrom(directory.file('pipe'), `cat ${source}`);
    const memory = await memoryOfImage(path);
    await ended;
    expect(memory.mappings).toEqual([{ type: 'mapping', address: 0, pages: 700, name: 'image' }]);
    expect(holds(memory, 0, bytes)).toBe(true);
  });

  test('of more than 64 MiB out of a pipe becomes several regions', async () => {
    const { path, ended } = pipedFrom(directory.file('long'), 'head -c 68157440 /dev/zero');
    const { mappings, pages } = await memoryOfImage(path);
    await ended;
    expect(mappings).toEqual([
      { type: 'mapping', address: 0, pages: 16384, name: 'image' },
      { type: 'mapping', address: 64 * 2 ** 20, pages: 256 },
    ]);
    expect(pages.size).toBe(16384 + 256);
  });

  test('is what a file with a magic is with --raw', async () => {
    const bytes = distinctPages(1);
    bytes.write('\x7fELF', 'latin1');
    const { title, pages } = await memoryOfImage(written('elf', bytes), { raw: true });
    expect(title).toBe('raw image');
    expect(pages.get(0)).toEqual(bytes);
  });

  test('of no whole number of pages is refused, file or pipe', async () => {
    const path = written('odd', Buffer.alloc(4100));
    const message = /: 4100 bytes are no whole number of pages of 4096$/;
    await expect(openImage(path)).rejects.toThrow(message);
    const piped = pipedFrom(directory.file('odd-pipe'), `cat ${path}`);
    await expect(memoryOfImage(piped.path)).rejects.toThrow(message);
    await piped.ended;
  });

  test('that is empty is refused, file or pipe', async () => {
    await expect(openImage(written('empty', Buffer.alloc(0)))).rejects.toThrow(/ is empty$/);
    const { path, ended } = pipedFrom(directory.file('empty-pipe'), 'true');
    await expect(openImage(path)).rejects.toThrow(`${path} is empty`);
    await ended;
  });

  test('that is cut while it is read is told so', async () => {
    const path = written('shrinking', distinctPages(4096));
    const source = await openImage(path);
    truncateSync(path, 4096);
    await expect(memoryOf(source)).rejects.toThrow(
      /: cut short within its memory as it was read, at byte 4096$/,
    );
  });
});

test('a directory and a device are no images', async () => {
  for (const path of [directory.path, '/dev/zero'])
    await expect(openImage(path)).rejects.toThrow(`${path} is neither a file nor a pipe`);
});
