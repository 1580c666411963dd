import { deflateSync, gzipSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import { afterAll, describe, expect, test } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import {
  type Frame,
  flattened,
  type KdumpShape,
  kdump,
} from '../../../tools/images/kdump-writer.js';
import { Files, fixture } from './files.js';
import { distinctPages, holds, memoryOfImage } from './memory.js';

const files = new Files();
afterAll(() => files.remove());

const data = distinctPages(8);
const zeroes = Buffer.alloc(4096);
const pages = Array.from({ length: 8 }, (_none, page) =>
  data.subarray(page * 4096, (page + 1) * 4096),
);

function read(frames: readonly Frame[], shape?: KdumpShape): ReturnType<typeof memoryOfImage> {
  return memoryOfImage(files.written('kdump', kdump(frames, shape)));
}

/** A frame of zstd with the page in it as it is. */
function stored(page: Buffer): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x60, 0, 0, 0, 0, 0]);
  head.writeUInt16LE(page.length - 256, 5);
  head.writeUIntLE((page.length << 3) | 1, 7, 3);
  return Buffer.concat([head, page]);
}

/** As zstd packs a page of one byte: a block that says how often. */
function repeated(page: Buffer): Buffer {
  const block = stored(page).subarray(0, 10);
  block.writeUIntLE((page.length << 3) | 3, 7, 3);
  return Buffer.concat([block, page.subarray(0, 1)]);
}

describe('a kdump', () => {
  test.each([
    { bits: 64, littleEndian: true },
    { bits: 64, littleEndian: false },
    { bits: 32, littleEndian: true },
    { bits: 32, littleEndian: false },
    { pageSize: 4096, packing: { flags: 1, pack: deflateSync } },
    { packing: { flags: 4, pack: snappyCompress } },
  ] as const)('is read at the addresses of its frames: %j', async (shape) => {
    const memory = await read([...pages, ...Array(100).fill(null), zeroes, ...pages], shape);
    expect(memory).toMatchObject({ title: 'kdump', addresses: 'physical', leftOut: [] });
    expect(memory.mappings).toEqual([
      { type: 'mapping', address: 0, pages: 8 },
      { type: 'mapping', address: 108 * 4096, pages: 9 },
    ]);
    expect(memory.pages.size).toBe(17);
    expect(holds(memory, 0, data)).toBe(true);
    expect(holds(memory, 108 * 4096, Buffer.concat([zeroes, data]))).toBe(true);
  });

  test('may have its pages packed by zstd', async () => {
    const same = Buffer.alloc(4096, 7);
    const pack = (page: Buffer): Buffer => (page === same ? repeated(page) : page);
    const memory = await read([...pages, same], { packing: { flags: 0x20, pack } });
    expect(holds(memory, 0, Buffer.concat([data, same]))).toBe(true);
  });

  test('may have its pages packed by lzo', async () => {
    const blocks: readonly { plain: string; lzo: string }[] = JSON.parse(
      fixture('lzo.json').toString(),
    );
    const { gunzipSync } = await import('node:zlib');
    const packed = new Map(
      blocks.map(({ plain, lzo }) => [
        gunzipSync(Buffer.from(plain, 'base64')).toString('latin1'),
        Buffer.from(lzo, 'base64'),
      ]),
    );
    const frames = [...packed.keys()]
      .map((plain) => Buffer.from(plain, 'latin1'))
      .filter(({ length }) => length === 4096);
    const pack = (page: Buffer): Buffer => packed.get(page.toString('latin1')) ?? page;
    const memory = await read(frames, { packing: { flags: 2, pack } });
    expect(frames.length).toBeGreaterThan(4);
    expect(holds(memory, 0, Buffer.concat(frames))).toBe(true);
  });

  test('may have frames of other sizes', async () => {
    const large = Buffer.concat(pages);
    const path = files.written('kdump', kdump([large, null, large], { pageSize: 32768 }));
    const source = await openImage(path);
    const found: number[] = [];
    for await (const item of source.read()) found.push(item.address);
    await source.close();
    expect(source.pageSize).toBe(32768);
    expect(found).toEqual([0, 0, 65536]);
  });

  test('has the page of zeroes once, for all frames of zeroes: they are present', async () => {
    const frames = Array.from({ length: 3000 }, (_none, frame) =>
      frame % 3 === 0 ? (pages[frame % 8] ?? zeroes) : zeroes,
    );
    const memory = await read(frames, { packing: { flags: 1, pack: deflateSync } });
    expect(memory.pages.size).toBe(3000);
    expect(holds(memory, 0, Buffer.concat(frames))).toBe(true);
  });

  test('has frames that the dump left out untouched, and counts them', async () => {
    const memory = await read([...pages, undefined, undefined, pages[0], null]);
    expect(memory.mappings).toEqual([{ type: 'mapping', address: 0, pages: 11 }]);
    expect([...memory.pages.keys()].length).toBe(9);
    expect(memory.leftOut).toEqual([{ reason: 'that the dump left out', bytes: 8192 }]);
  });

  test('that comes out of a stream is the same', async () => {
    const path = files.written('packed', gzipSync(kdump(pages)));
    const memory = await memoryOfImage(path);
    expect(memory.title).toBe('kdump in gzip');
    expect(holds(memory, 0, data)).toBe(true);
  });
});

describe('a flattened file', () => {
  const file = kdump(pages);

  test('may have its pieces in any order, and the header twice: the later one counts', async () => {
    const wrong = Buffer.alloc(512);
    const pieces = [
      { place: 0, bytes: wrong },
      { place: 9000, bytes: file.subarray(9000) },
      { place: 512, bytes: file.subarray(512, 9000) },
      { place: 0, bytes: file.subarray(0, 512) },
    ];
    const memory = await memoryOfImage(files.written('flattened', flattened(pieces)));
    expect(memory.title).toBe('kdump in a flattened file');
    expect(holds(memory, 0, data)).toBe(true);
  });

  test.each<[string, Buffer, RegExp]>([
    [
      'one piece over another',
      flattened([
        { place: 0, bytes: file },
        { place: 100, bytes: file.subarray(0, 50) },
      ]),
      /: a flattened piece over another one, at byte \d+$/,
    ],
    ['nothing', flattened([]), / is a flattened file with nothing in it$/],
    [
      'no end',
      flattened([{ place: 0, bytes: file }]).subarray(0, -16),
      /: cut short within a flattened record, at byte/,
    ],
    [
      'half a piece',
      flattened([{ place: 0, bytes: file }]).subarray(0, -50),
      /: cut short within a flattened piece, at byte/,
    ],
  ])('with %s is refused', async (_what, bytes, message) => {
    await expect(openImage(files.written('refused', bytes))).rejects.toThrow(message);
  });
});

test.each<[string, Buffer, RegExp]>([
  ['an incomplete one', kdump(pages, { status: 8 }), /: marked incomplete: .*, at byte 424$/],
  ['one part of several', kdump(pages, { split: true }), /'makedumpfile --reassemble' makes one/],
  [
    'one without its bitmaps',
    kdump(pages).subarray(0, 9000),
    /: cut short within the bitmaps, at byte 9000$/,
  ],
  ['one without its last page', kdump(pages).subarray(0, -1), /: cut short within a page, at byte/],
  [
    'pages packed in no known way',
    kdump(pages, { packing: { flags: 64, pack: deflateSync } }),
    /: a page packed in no known way \(64\), at byte/,
  ],
  [
    'pages that are damaged',
    kdump(pages, { packing: { flags: 2, pack: deflateSync } }),
    /: a page that does not unpack to one, at byte/,
  ],
  [
    'more frames than bits',
    (() => {
      const file = kdump(pages);
      file.writeBigUInt64LE(1n << 40n, 4096 + 96);
      return file;
    })(),
    /: 1099511627776 page frames, and bits for 32768, at byte 436$/,
  ],
])('%s is refused in one line', async (_what, bytes, message) => {
  await expect(memoryOfImage(files.written('refused', bytes))).rejects.toThrow(message);
});
