/** What programs wrote of one machine: the same memory at the same addresses, in every format. */
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { Files, fixture } from './files.js';
import { distinctPages, holds, memoryOfImage } from './memory.js';

const files = new Files();
afterAll(() => files.remove());

const MEMORY_PAGES = 256;
const FILL_AT = 0x10000;
const fill = distinctPages(64);

describe.each([
  ['machine.elf.gz', 'ELF core', []],
  ['machine.kdump.gz', 'kdump in a flattened file', []],
  ['machine.put-together.gz', 'kdump', []],
  ['machine.migration.gz', "QEMU's migration stream", ['pc.ram', 'pc.bios']],
] as const)('%s', (name, title, names) => {
  test.each([
    ['as it is', fixture(name), title],
    ['in gzip', gzipSync(fixture(name)), `${title} in gzip`],
  ])('is read byte for byte %s', async (_how, bytes, called) => {
    const path = files.written(name, bytes);
    const memory = await memoryOfImage(path);
    expect(memory).toMatchObject({ title: called, addresses: 'physical', leftOut: [] });
    expect(holds(memory, FILL_AT, fill)).toBe(true);
    // Below the holes that a PC has: all zeroes but for the fill.
    for (let page = 0; page < 0xa0; page++) {
      const address = page * 4096;
      if (address >= FILL_AT && address < FILL_AT + fill.length) continue;
      expect(memory.pages.get(address)?.every((byte) => byte === 0)).toBe(true);
    }
    expect(memory.mappings[0]).toMatchObject({ address: 0, pages: MEMORY_PAGES });
    expect(memory.mappings.flatMap((mapping) => mapping.name ?? [])).toEqual(
      expect.arrayContaining([...names]),
    );
  });
});
