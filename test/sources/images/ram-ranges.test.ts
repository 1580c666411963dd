import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { avml, lime } from '../../../tools/images/ram-ranges-writer.js';
import { Files } from './files.js';
import { distinctPages, holds, memoryOfImage } from './memory.js';

const files = new Files();
afterAll(() => files.remove());

const data = distinctPages(40);

/** With its first range as long as that. */
function endingAt(bytes: Buffer, end: bigint): Buffer {
  bytes.writeBigUInt64LE(end, 16);
  return bytes;
}

const ranges = [
  { address: 0x1000, bytes: data.subarray(0, 8 * 4096) },
  { address: 0x100000, bytes: data.subarray(8 * 4096) },
];

describe.each([
  ['LiME image', lime],
  ['AVML image', avml],
] as const)('a %s', (title, write) => {
  test('has its ranges at their addresses', async () => {
    const memory = await memoryOfImage(files.written('ranges', write(ranges)));
    expect(memory).toMatchObject({ title, addresses: 'physical', leftOut: [] });
    expect(memory.mappings).toEqual([
      { type: 'mapping', address: 0x1000, pages: 8 },
      { type: 'mapping', address: 0x100000, pages: 32 },
    ]);
    for (const { address, bytes } of ranges) expect(holds(memory, address, bytes)).toBe(true);
  });

  test('out of a stream is the same', async () => {
    const memory = await memoryOfImage(files.written('packed', gzipSync(write(ranges))));
    for (const { address, bytes } of ranges) expect(holds(memory, address, bytes)).toBe(true);
  });

  test('leaves out pages that are there in part', async () => {
    // As PCs have it: memory ends somewhere below 640 KiB.
    const odd = { address: 0x1400, bytes: data.subarray(0x400, 0x8c00) };
    const small = { address: 0xb0c00, bytes: data.subarray(0, 0x200) };
    const memory = await memoryOfImage(files.written('odd', write([odd, small])));
    expect(memory.mappings).toEqual([{ type: 'mapping', address: 0x2000, pages: 7 }]);
    expect(holds(memory, 0x2000, data.subarray(0x1000, 0x8000))).toBe(true);
    expect(memory.leftOut).toEqual([
      { reason: 'of pages that are there in part', bytes: 0xc00 + 0xc00 + 0x200 },
    ]);
  });

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut in its memory', (bytes) => bytes.subarray(0, -100), /: cut short within .*, at byte/],
    ['cut in a header', (bytes) => bytes.subarray(0, 20), /: cut short within a range, at byte/],
    [
      'with something else behind it',
      (bytes) => Buffer.concat([bytes, Buffer.alloc(32)]),
      /: no range of memory where one is due, at byte/,
    ],
    [
      'that ends before it begins',
      (bytes) => endingAt(bytes, 1n),
      /: a range of addresses that cannot be, at byte 8$/,
    ],
    [
      'of more than there is',
      (bytes) => endingAt(bytes, (1n << 63n) - 1n),
      /: a range of addresses that cannot be, at byte 8$/,
    ],
  ])('%s is refused in one line', async (_what, change, message) => {
    const path = files.written('refused', change(write(ranges)));
    await expect(memoryOfImage(path)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(memoryOfImage(path)).rejects.toThrow(message);
  });

  test('whose ranges go back is refused', async () => {
    const path = files.written('back', write(ranges.toReversed()));
    await expect(memoryOfImage(path)).rejects.toThrow(/: a range that is not above the last, at/);
  });
});

test('an AVML image that is damaged is refused', async () => {
  const bytes = avml(ranges);
  for (let at = 40; at < bytes.length; at += 211) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    const memory = memoryOfImage(files.written('damaged', damaged));
    await memory.then(
      (found) => {
        for (const { address, bytes: wanted } of ranges)
          expect(holds(found, address, wanted), `at ${at}`).toBe(true);
      },
      (error) => expect(error).toMatchObject({ code: 'EINVAL' }),
    );
  }
});
