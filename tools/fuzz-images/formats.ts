/** A small image of each format that is read, to be changed. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import { elfCore } from '../images/elf-writer.js';
import { flattened, kdump } from '../images/kdump-writer.js';
import { migration, saved } from '../images/migration-writer.js';
import { avml, lime } from '../images/ram-ranges-writer.js';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/images/', import.meta.url));

const PAGES = 5;
const data = Buffer.alloc(PAGES * 4096);
for (let page = 0; page < PAGES; page++)
  data.fill(`page ${page} of memory; `, page * 4096, (page + 1) * 4096);
const pages = Array.from({ length: PAGES }, (_none, page) =>
  data.subarray(page * 4096, (page + 1) * 4096),
);
const zeroes = Buffer.alloc(4096);

const SEGMENTS = [
  { type: 4, data: Buffer.from('a note') },
  { paddr: 0x1000, vaddr: 0x10000, data: data.subarray(0, 8192), memoryBytes: 12288 },
  { paddr: 0x100800, data: data.subarray(8192) },
];
const FRAMES = [...pages, zeroes, undefined, null, zeroes];
const RANGES = [
  { address: 0x1000, bytes: data.subarray(0, 8192) },
  { address: 0x100800, bytes: data.subarray(8192) },
];
const BLOCKS = [
  { name: 'pc.ram', bytes: 32 * 4096 },
  { name: 'vga.vram', bytes: 8192 },
];
const STREAM = migration(
  BLOCKS,
  [
    [
      { block: 'pc.ram', offset: 0, page: pages[0] ?? zeroes },
      { block: 'pc.ram', offset: 4096, byte: 0 },
      { block: 'vga.vram', offset: 4096, byte: 3 },
    ],
    [{ block: 'pc.ram', offset: 8192, packed: deflateSync(pages[1] ?? zeroes) }],
  ],
  { capabilities: ['events'], pageBits: 12 },
);
const PUT_TOGETHER = kdump(FRAMES);
const RUNS = pieces(PUT_TOGETHER, 4000);

function pieces(file: Buffer, bytes: number): { place: number; bytes: Buffer }[] {
  const places = Array.from({ length: Math.ceil(file.length / bytes) }, (_none, i) => i * bytes);
  return places.map((place) => ({ place, bytes: file.subarray(place, place + bytes) }));
}

function lzoPacked(): Buffer {
  const blocks: readonly { plain: string; lzo: string }[] = JSON.parse(
    readFileSync(`${FIXTURES}lzo.json`, 'utf8'),
  );
  const packed = new Map(
    blocks.map(({ plain, lzo }) => [
      gunzipSync(Buffer.from(plain, 'base64')).toString('latin1'),
      Buffer.from(lzo, 'base64'),
    ]),
  );
  const frames = [...packed.keys()]
    .map((plain) => Buffer.from(plain, 'latin1'))
    .filter(({ length }) => length === 4096);
  return kdump(frames, {
    packing: { flags: 2, pack: (page) => packed.get(page.toString('latin1')) ?? page },
  });
}

/** By what a kind of case is called. */
export const FORMATS: Readonly<Record<string, Buffer>> = {
  elf: elfCore(SEGMENTS, { gap: 11 }),
  'elf-32-big': elfCore(SEGMENTS, { bits: 32, littleEndian: false, extended: true }),
  'elf-in-gzip': gzipSync(elfCore(SEGMENTS)),
  kdump: kdump(FRAMES, { packing: { flags: 1, pack: deflateSync } }),
  'kdump-snappy': kdump(FRAMES, { bits: 32, packing: { flags: 4, pack: snappyCompress } }),
  'kdump-lzo': lzoPacked(),
  flattened: flattened(RUNS),
  lime: lime(RANGES),
  avml: avml(RANGES),
  migration: STREAM,
  libvirt: saved(STREAM),
  zstd: readFileSync(`${FIXTURES}pages.zstd`),
  xz: readFileSync(`${FIXTURES}pages.xz`),
  lz4: readFileSync(`${FIXTURES}pages.lz4`),
};
