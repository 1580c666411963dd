import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { KsmdError } from '../../../src/errors.js';
import { crc32c } from '../../../src/sources/images/compression/crc32c.js';
import { unlz4 } from '../../../src/sources/images/compression/lz4-block.js';
import { unlzo } from '../../../src/sources/images/compression/lzo.js';
import { run } from '../../daemon-process.js';
import { removeTools, tool } from '../../debian-tool.js';
import { Files, fixture } from './files.js';
import { distinctPages, holds, memoryOfImage } from './memory.js';
import { pipedFrom } from './piped.js';

const files = new Files();
afterAll(async () => {
  files.remove();
  await removeTools();
});

const pages = distinctPages(64);
const packed: readonly (readonly [string, Buffer])[] = [
  ['gzip', gzipSync(pages)],
  ['zstd', fixture('pages.zstd')],
  ['xz', fixture('pages.xz')],
  ['lz4', fixture('pages.lz4')],
];

describe.each(packed)('%s', (name, bytes) => {
  test('is unpacked on the fly, out of a file and out of a pipe', async () => {
    const path = files.written(name, bytes);
    const piped = pipedFrom(files.file(`${name}.pipe`), `cat ${path}`);
    for (const source of [path, piped.path]) {
      const memory = await memoryOfImage(source);
      expect(memory.title).toBe(`raw image in ${name}`);
      expect(holds(memory, 0, pages)).toBe(true);
      expect(memory.pages.size).toBe(64);
    }
    await piped.ended;
  });

  test('that is cut anywhere is refused, and the place named', async () => {
    for (const length of [bytes.length - 1, bytes.length - 9, bytes.length >> 1, 20]) {
      const path = files.written(`${name}.cut`, bytes.subarray(0, length));
      await expect(memoryOfImage(path), `${length} bytes`).rejects.toMatchObject({
        code: 'EINVAL',
        message: expect.stringMatching(/^.*: .*(cut short|damaged).*, at byte \d+$/),
      });
    }
  });

  test.runIf(name === 'gzip' || name === 'xz')(
    'that is cut is told as cut in what unpacks of it, where the place is one of that',
    async () => {
      const path = files.written(`${name}.cut`, bytes.subarray(0, bytes.length - 9));
      await expect(memoryOfImage(path)).rejects.toThrow(
        /\): its unpacked stream breaks off, at byte \d+$/,
      );
    },
  );

  test('that is damaged is refused, unless what is in it is the same all the same', async () => {
    for (let at = 30; at < bytes.length; at += 97) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const path = files.written(`${name}.damaged`, damaged);
      const memory = await memoryOfImage(path).catch((error: KsmdError) => error.code);
      expect(memory === 'EINVAL' || (typeof memory === 'object' && holds(memory, 0, pages))).toBe(
        true,
      );
    }
  });

  test('by the program itself, of much and at all levels, is what it was', async (context) => {
    const { path: program, env } = await tool(context, name, [name === 'xz' ? 'xz-utils' : name]);
    const plain = files.written(
      'much',
      Buffer.concat([pages, gzipSync(pages), pages]).subarray(0, 65 * 4096),
    );
    const levels = name === 'lz4' ? ['-1', '-9', '-BD', '-B4', '-BX'] : ['-1', '-6', '-9'];
    for (const level of levels) {
      const { stdout } = await runBinary(program, [level, '-c', '-q', plain], env);
      const memory = await memoryOfImage(files.written('packed', stdout));
      expect(memory.pages.size, level).toBe(65);
      expect(holds(memory, 0, pages), level).toBe(true);
    }
  });
});

/** Of a program that prints no text. */
async function runBinary(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ stdout: Buffer }> {
  const { stdout } = await run('sh', ['-c', '"$0" "$@" | base64 -w 0', program, ...args], { env });
  return { stdout: Buffer.from(stdout, 'base64') };
}

test('several members, one after the other, are one image', async () => {
  for (const [name, bytes] of packed.filter(([each]) => each !== 'xz')) {
    const { pages: found } = await memoryOfImage(
      files.written(name, Buffer.concat([bytes, bytes])),
    );
    expect(found.size, name).toBe(128);
  }
});

test('what is packed more than three times over is refused', async () => {
  const times = (count: number): Buffer => (count === 0 ? pages : gzipSync(times(count - 1)));
  const { title } = await memoryOfImage(files.written('thrice', times(3)));
  expect(title).toBe('raw image in gzip in gzip in gzip');
  await expect(memoryOfImage(files.written('more', times(4)))).rejects.toThrow(
    / is packed more than 3 times over$/,
  );
});

test('a window larger than zstd takes by itself is refused before it is made', async () => {
  const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0]);
  await expect(memoryOfImage(files.written('window', bytes))).rejects.toThrow(
    /: a zstd window of 2147483648 bytes, at byte 0$/,
  );
});

describe('LZO', () => {
  const blocks: readonly { what: string; plain: string; lzo: string }[] = JSON.parse(
    fixture('lzo.json').toString(),
  );

  test.each(blocks)('of lzop is what it was: $what', ({ plain, lzo }) => {
    const wanted = gunzipSync(Buffer.from(plain, 'base64'));
    const out = new Uint8Array(wanted.length);
    expect(unlzo(Buffer.from(lzo, 'base64'), out)).toBe(wanted.length);
    expect(wanted.equals(out)).toBe(true);
  });

  test('that is damaged or cut writes nothing outside, and comes to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), (block, room) => {
        const length = unlzo(block, new Uint8Array(room));
        expect(length === undefined || length <= room).toBe(true);
      }),
      { numRuns: 2000 },
    );
    for (const { plain, lzo } of blocks.slice(0, 8)) {
      const whole = Buffer.from(lzo, 'base64');
      const { length } = gunzipSync(Buffer.from(plain, 'base64'));
      for (let cut = 0; cut < whole.length; cut += 7)
        expect(unlzo(whole.subarray(0, cut), new Uint8Array(length))).toBeUndefined();
      expect(unlzo(whole, new Uint8Array(length - 1))).toBeUndefined();
    }
  });
});

test('LZ4 that is damaged writes nothing outside, and comes to an end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), (block, room) => {
      const end = unlz4(block, new Uint8Array(room), Math.min(room, 10));
      expect(end === undefined || end <= room).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('CRC-32C is what RFC 3720 has of 32 zeroes', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});
