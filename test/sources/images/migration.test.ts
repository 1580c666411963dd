import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { openImage } from '../../../src/sources/images/open-image.js';
import { place } from '../../../src/sources/images/qemu/blocks.js';
import { migration, type RamRecord, saved } from '../../../tools/images/migration-writer.js';
import { Files, fixture } from './files.js';
import { distinctPages, holds, memoryOf, memoryOfImage } from './memory.js';

const files = new Files();
afterAll(() => files.remove());

const data = distinctPages(4);
const pageOf = (page: number): Buffer => data.subarray(page * 4096, (page + 1) * 4096);
const ram = [{ name: 'pc.ram', bytes: 16 * 4096 }];

function record(page: number, offset = page * 4096, block = 'pc.ram'): RamRecord {
  return { block, offset, page: pageOf(page) };
}

describe("QEMU's migration stream", () => {
  test('has pages, pages of one byte, and packed ones', async () => {
    const stream = migration(ram, [
      [record(0), { block: 'pc.ram', offset: 4096, byte: 0 }],
      [
        { block: 'pc.ram', offset: 8192, byte: 7 },
        { block: 'pc.ram', offset: 12288, packed: deflateSync(pageOf(3)) },
      ],
    ]);
    const memory = await memoryOfImage(files.written('stream', stream));
    expect(memory).toMatchObject({
      title: "QEMU's migration stream",
      addresses: 'physical',
      mappings: [{ type: 'mapping', address: 0, pages: 16, name: 'pc.ram' }],
      leftOut: [],
    });
    expect(memory.pages.size).toBe(4);
    const wanted = [pageOf(0), Buffer.alloc(4096), Buffer.alloc(4096, 7), pageOf(3)];
    expect(holds(memory, 0, Buffer.concat(wanted))).toBe(true);
  });

  test('that has a page twice has the later one, and counts it once', async () => {
    const again = { block: 'pc.ram', offset: 0, page: pageOf(2) };
    const stream = migration(ram, [[record(0), record(1)], [again], []]);
    const source = await openImage(files.written('stream', stream));
    const memory = await memoryOf(source);
    expect(holds(memory, 0, Buffer.concat([pageOf(2), pageOf(1)]))).toBe(true);
    expect(source.presentBytes).toBe(2 * 4096);
  });

  test('has its other blocks behind the memory, by their names', async () => {
    const blocks = [
      ...ram,
      { name: '0000:00:02.0/vga.vram', bytes: 8192 },
      { name: '/rom@etc/x', bytes: 4096 },
    ];
    const stream = migration(blocks, [[record(0), record(1, 4096, '0000:00:02.0/vga.vram')]]);
    const memory = await memoryOfImage(files.written('stream', stream));
    expect(memory.mappings).toEqual([
      { type: 'mapping', address: 0, pages: 16, name: 'pc.ram' },
      { type: 'mapping', address: 0x200000, pages: 2, name: '0000-00-02.0-vga.vram' },
      { type: 'mapping', address: 0x400000, pages: 1, name: 'rom-etc-x' },
    ]);
    expect([...memory.pages.keys()]).toEqual([0, 0x201000]);
  });

  test('may be of a machine of other pages, and of one without footers', async () => {
    const page = Buffer.alloc(16384, 'a large page');
    const stream = migration(
      [{ name: 'mach-virt.ram', bytes: 65536 }],
      [[{ block: 'mach-virt.ram', offset: 16384, page }]],
      { machine: 'virt-7.2', pageBits: 14, capabilities: ['events'], footers: false },
    );
    const source = await openImage(files.written('stream', stream));
    expect(source.pageSize).toBe(16384);
    const items = [];
    for await (const item of source.read()) items.push(item);
    await source.close();
    expect(items[1]).toMatchObject({ type: 'run', address: 16384 });
  });

  test('out of a stream is the same', async () => {
    const path = files.written('packed', gzipSync(migration(ram, [[record(0)]])));
    const memory = await memoryOfImage(path);
    expect(memory.title).toBe("QEMU's migration stream in gzip");
    expect(holds(memory, 0, pageOf(0))).toBe(true);
  });

  test('of QEMU 7.2 counts what is present', async () => {
    const source = await openImage(files.written('qemu', fixture('machine.migration.gz')));
    const { pages } = await memoryOf(source);
    expect(source.presentBytes).toBe(pages.size * 4096);
  });

  test.each<[string, Buffer, RegExp]>([
    [
      'cut within its RAM',
      migration(ram, [[record(0)]]).subarray(0, 200),
      /: cut short within the migration stream, at byte \d+$/,
    ],
    [
      'of another version',
      (() => {
        const bytes = migration(ram, []);
        bytes.writeUInt32BE(2, 4);
        return bytes;
      })(),
      /: version 2 of the stream, at byte 4$/,
    ],
    [
      'with mapped-ram',
      migration(ram, [], { capabilities: ['mapped-ram'] }),
      /: migrate without the capability mapped-ram$/,
    ],
    [
      'with xbzrle',
      migration(ram, [[{ flags: 0x40 + 0x20 }]]),
      /: migrate without the capability xbzrle, at byte/,
    ],
    [
      'with multifd',
      migration(ram, [[{ flags: 0x200 + 0x20 }]]),
      /: a record of RAM of no known kind \(0x220; multifd and RDMA are not read\), at byte/,
    ],
    [
      'with a page of no block',
      migration(ram, [[record(0, 0, 'other')]]),
      /: a page of no block: 0 of 'other', at byte/,
    ],
    [
      'with a page behind its block',
      migration(ram, [[record(0, 16 * 4096)]]),
      /: a page of no block: 65536 of 'pc.ram', at byte/,
    ],
    [
      'with a block of part of a page',
      migration([{ name: 'pc.ram', bytes: 4100 }], []),
      /: (block 'pc.ram' of 4100 bytes|RAM without its sizes), at byte/,
    ],
    [
      'with a packed page that is none',
      migration(ram, [[{ block: 'pc.ram', offset: 0, packed: Buffer.alloc(9) }]]),
      /: a page that does not unpack to one, at byte/,
    ],
    [
      'that goes on with something else',
      Buffer.concat([migration(ram, [[]]).subarray(0, 60), Buffer.alloc(90)]),
      /, at byte/,
    ],
  ])('%s is refused in one line', async (_what, bytes, message) => {
    const path = files.written('refused', bytes);
    await expect(memoryOfImage(path)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(memoryOfImage(path)).rejects.toThrow(message);
  });
});

describe("libvirt's save", () => {
  const stream = migration(ram, [[record(0), record(1)]]);

  test.each([
    ['as it is', saved(stream), ''],
    ['of the other byte order', saved(stream, { littleEndian: false }), ''],
    ['packed by gzip', saved(gzipSync(stream), { format: 1 }), ' in gzip'],
  ])('%s is read as what is in it', async (_how, bytes, wrapping) => {
    const memory = await memoryOfImage(files.written('save', bytes));
    expect(memory.title).toBe(`QEMU's migration stream${wrapping} in libvirt's save`);
    expect(holds(memory, 0, data.subarray(0, 8192))).toBe(true);
  });

  test.each<[Buffer, RegExp]>([
    [saved(stream, { magic: 'LibvirtQemudPart' }), /is a save of libvirt's that did not come to/],
    [saved(Buffer.from('BZh9'), { format: 2 }), /is packed by bzip2: /],
    [saved(stream, { format: 77 }), /: packed in a way that is not known, at byte 28$/],
    [saved(stream).subarray(0, 95), /: cut short before the end of libvirt's description, at/],
  ])('%# is refused in one line', async (bytes, message) => {
    await expect(memoryOfImage(files.written('refused', bytes))).rejects.toThrow(message);
  });
});

describe("a machine's blocks", () => {
  const GIB = 2 ** 30;
  const addresses = (bytes: number, machine: string): (readonly [number, number])[] =>
    place([{ name: 'pc.ram', bytes }], machine).map(({ address, length }) => [address, length]);

  test.each([
    ['pc-i440fx-7.2', 3 * GIB, [[0, 3 * GIB]]],
    [
      'pc-i440fx-7.2',
      8 * GIB,
      [
        [0, 3 * GIB],
        [4 * GIB, 5 * GIB],
      ],
    ],
    ['pc-q35-9.0', 2 * GIB, [[0, 2 * GIB]]],
    [
      'pc-q35-9.0',
      8 * GIB,
      [
        [0, 2 * GIB],
        [4 * GIB, 6 * GIB],
      ],
    ],
    ['virt-9.0', 8 * GIB, [[0, 8 * GIB]]],
  ] as const)('%s of %d bytes has its memory below 4 GiB and above', (machine, bytes, wanted) => {
    expect(addresses(bytes, machine)).toEqual(wanted);
  });

  test('of NUMA nodes are its memory together, in the order of the nodes', () => {
    const node = (number: number): { name: string; bytes: number } => ({
      name: `ram-node${number}`,
      bytes: 2 * GIB,
    });
    const placed = place([{ name: 'vram', bytes: 4096 }, node(1), node(0)], 'pc-i440fx-7.2');
    expect(placed.map(({ block, offset, address }) => [block.name, offset, address])).toEqual([
      ['ram-node0', 0, 0],
      ['ram-node1', 0, 2 * GIB],
      ['ram-node1', GIB, 4 * GIB],
      ['vram', 0, 5 * GIB + 2 ** 21],
    ]);
  });
});
