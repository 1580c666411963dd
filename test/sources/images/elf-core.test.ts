import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import { elfCore, type Shape, type WrittenSegment } from '../../../tools/images/elf-writer.js';
import { run, TemporaryDirectory } from '../../daemon-process.js';
import { removeTools, tool } from '../../debian-tool.js';
import { distinctPages, holds, type Memory, memoryOfImage } from './memory.js';
import { pipedFrom } from './piped.js';

const directory = new TemporaryDirectory();
afterAll(async () => {
  directory.remove();
  await removeTools();
});

function written(name: string, bytes: Uint8Array): string {
  const path = directory.file(name);
  writeFileSync(path, bytes);
  return path;
}

function core(segments: readonly WrittenSegment[], shape?: Shape): Promise<Memory> {
  return memoryOfImage(written('core', elfCore(segments, shape)));
}

const data = distinctPages(8);
const NOTE = { type: 4, data: Buffer.from('a note of 21 bytes at') };

describe('an ELF core of a machine', () => {
  test.each([
    { bits: 64, littleEndian: true },
    { bits: 64, littleEndian: false },
    { bits: 32, littleEndian: true },
    { bits: 32, littleEndian: false },
  ] as const)('is read at its physical addresses: %j', async (shape) => {
    const memory = await core(
      [
        NOTE,
        { paddr: 0, data: data.subarray(0, 4 * 4096) },
        { paddr: 0x7f000000, vaddr: 0x10000, data: data.subarray(4 * 4096) },
      ],
      shape,
    );
    expect(memory).toMatchObject({ title: 'ELF core', addresses: 'physical', leftOut: [] });
    expect(memory.mappings).toEqual([
      { type: 'mapping', address: 0, pages: 4 },
      { type: 'mapping', address: 0x7f000000, pages: 4 },
    ]);
    expect(memory.pages.size).toBe(8);
    expect(holds(memory, 0, data.subarray(0, 4 * 4096))).toBe(true);
    expect(holds(memory, 0x7f000000, data.subarray(4 * 4096))).toBe(true);
  });

  test('may have its segments anywhere in the file, and in any order', async () => {
    const memory = await core(
      [
        { paddr: 0x8000, data: data.subarray(4 * 4096) },
        { paddr: 0x1000, data: data.subarray(0, 4 * 4096) },
      ],
      { gap: 13 },
    );
    expect(holds(memory, 0x1000, data.subarray(0, 4 * 4096))).toBe(true);
    expect(holds(memory, 0x8000, data.subarray(4 * 4096))).toBe(true);
  });

  test('has one region of what lies close together, the gap untouched', async () => {
    const memory = await core([
      { paddr: 0, data: data.subarray(0, 4096) },
      { paddr: 256 * 1024 + 4096, data: data.subarray(4096, 8192) },
      { paddr: 512 * 1024 + 12288, data: data.subarray(8192, 12288) },
    ]);
    expect(memory.mappings).toEqual([
      { type: 'mapping', address: 0, pages: 66 },
      { type: 'mapping', address: 512 * 1024 + 12288, pages: 1 },
    ]);
    expect(memory.pages.size).toBe(3);
  });

  test('may have more than 65,534 segments', async () => {
    const count = 66_000;
    const page = distinctPages(1);
    const memory = await core(
      Array.from({ length: count }, (_none, number) => ({ paddr: number * 8192, data: page })),
      { extended: true },
    );
    expect(memory.pages.size).toBe(count);
    expect(memory.mappings).toEqual([{ type: 'mapping', address: 0, pages: count * 2 - 1 }]);
  });

  test("that lists memory twice, as with the guest's page tables, has it once", async () => {
    const memory = await core([
      { paddr: 0x1000, vaddr: 0x400000, data: data.subarray(0, 3 * 4096) },
      { paddr: 0x2000, vaddr: 0x800000, data: data.subarray(4096, 5 * 4096) },
    ]);
    expect(memory.mappings).toEqual([{ type: 'mapping', address: 0x1000, pages: 5 }]);
    expect(holds(memory, 0x1000, data.subarray(0, 5 * 4096))).toBe(true);
  });

  test('leaves out pages that are there in part, and counts them', async () => {
    const memory = await core([
      { paddr: 0x1800, data: data.subarray(0, 0x1800) },
      { paddr: 0x9000, data: data.subarray(0x2000, 0x2000 + 0x1c00) },
    ]);
    expect([...memory.pages.keys()]).toEqual([0x2000, 0x9000]);
    expect(holds(memory, 0x2000, data.subarray(0x800, 0x1800))).toBe(true);
    expect(memory.leftOut).toEqual([
      { reason: 'of pages that are there in part', bytes: 0x800 + 0xc00 },
    ]);
  });

  test('that comes out of a pipe is the same', async () => {
    const bytes = elfCore([NOTE, { paddr: 0x1000, data }], { gap: 13, extended: true });
    const source = written('piped', bytes);
    const { path, ended } = pipedFrom(directory.file('fifo'), `cat ${source}`);
    const memory = await memoryOfImage(path);
    await ended;
    expect(holds(memory, 0x1000, data)).toBe(true);
  });
});

describe('an ELF core of a process', () => {
  const virtual = { vaddr: 0x56372a140000, data: data.subarray(0, 2 * 4096) };

  test('is read at its virtual addresses', async () => {
    const memory = await core([virtual, { vaddr: 0x7ffffffde000, data: data.subarray(0, 4096) }]);
    expect(memory).toMatchObject({ title: 'ELF core of a process', addresses: 'virtual' });
    expect([...memory.pages.keys()]).toEqual([0x56372a140000, 0x56372a141000, 0x7ffffffde000]);
  });

  test('has pages that the file does not hold untouched, and the rest of the last one zero', async () => {
    const memory = await core([
      { vaddr: 0x10000, data: data.subarray(0, 4096 + 100), memoryBytes: 5 * 4096 },
      { vaddr: 0x100000, data: Buffer.alloc(0), memoryBytes: 4096 },
    ]);
    expect(memory.mappings).toEqual([
      { type: 'mapping', address: 0x10000, pages: 5 },
      { type: 'mapping', address: 0x100000, pages: 1 },
    ]);
    expect([...memory.pages.keys()]).toEqual([0x10000, 0x11000]);
    expect(
      holds(memory, 0x11000, Buffer.concat([data.subarray(4096, 4196), Buffer.alloc(3996)])),
    ).toBe(true);
  });

  test('leaves out what is above all addresses of a guest: the page of vsyscall', async () => {
    const vsyscall = { vaddr: 0xffffffffff600000, data: data.subarray(0, 4096) };
    const memory = await core([virtual, vsyscall]);
    expect(memory.pages.size).toBe(2);
    expect(memory.leftOut).toEqual([{ reason: 'at addresses that no guest has', bytes: 4096 }]);
  });

  test('by gcore is what the process has', async (context) => {
    const { path: gcore, env } = await tool(context, 'gcore', ['gdb']);
    const owner = spawn(process.execPath, [
      '-e',
      'globalThis.held = Buffer.alloc(64 * 4096, "held by the process"); console.log();' +
        'setInterval(() => {}, 1e9)',
    ]);
    onTestFinished(() => void owner.kill('SIGKILL'));
    await once(owner.stdout, 'data');
    const prefix = directory.file('gcore');
    const made = await run(gcore, ['-o', prefix, String(owner.pid)], { env });
    if (made.status !== 0) return context.skip(`gcore: ${made.stderr.trim()}`);
    const memory = await memoryOfImage(`${prefix}.${owner.pid}`);
    expect(memory.addresses).toBe('virtual');
    const held = [...memory.pages.values()].filter((page) => page.includes('held by the process'));
    expect(held.length).toBeGreaterThanOrEqual(63);
  });
});

test('holes of a sparse core are untouched', async () => {
  const path = directory.file('sparse');
  const file = openSync(path, 'w');
  const bytes = elfCore([{ vaddr: 0x10000, data: Buffer.alloc(64 * 4096) }], { gap: 4096 - 120 });
  writeSync(file, bytes.subarray(0, 4096));
  writeSync(file, data.subarray(0, 4096), 0, 4096, 4096 * 33);
  ftruncateSync(file, bytes.length);
  closeSync(file);
  const { mappings, pages } = await memoryOfImage(path);
  expect(mappings).toEqual([{ type: 'mapping', address: 0x10000, pages: 64 }]);
  expect([...pages]).toEqual([[0x10000 + 32 * 4096, data.subarray(0, 4096)]]);
});

test.each<[string, Buffer, RegExp]>([
  ['a program', elfCore([{ data }], { type: 2 }), /is an ELF program .* gcore .* \(--raw takes/],
  ['no program headers', elfCore([]), /is an ELF core without program headers, as 'xl dump-core'/],
  ['notes alone', elfCore([NOTE]), /is an ELF core with no memory in it$/],
  [
    'a cut file',
    elfCore([{ data }]).subarray(0, -1),
    /: cut short: a segment ends at byte 32888 of the file, at byte 32887$/,
  ],
  [
    'a cut header',
    elfCore([{ data }]).subarray(0, 100),
    /: cut short within the program headers, at byte 64$/,
  ],
  [
    'more in the file than in memory',
    elfCore([{ data, memoryBytes: 4096 }]),
    /: a segment of 4096 bytes of memory with 32768 in the file, at byte 64$/,
  ],
  [
    'more segments than any dump has',
    (() => {
      const file = elfCore([{ data }], { extended: true });
      file.writeUInt32LE(0xffffffff, 64 + 44);
      return file;
    })(),
    /: 4294967295 program headers, and no dump has so many$/,
  ],
  [
    'headers of another size',
    (() => {
      const file = elfCore([{ data }]);
      file.writeUInt16LE(1, 54);
      return file;
    })(),
    /: program headers of 1 bytes each, at byte 54$/,
  ],
])('%s is refused in one line', async (_what, bytes, message) => {
  const path = written('refused', bytes);
  await expect(openImage(path)).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(openImage(path)).rejects.toThrow(message);
});
