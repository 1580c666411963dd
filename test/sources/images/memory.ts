/** What a source has, read to its end and held against what its interface promises. */
import { ok } from 'node:assert/strict';
import { openImage } from '../../../src/sources/images/open-image.js';
import type { LeftOut, Mapping, Source } from '../../../src/sources/source.js';

export interface Memory {
  readonly title: string;
  readonly addresses: 'virtual' | 'physical';
  readonly mappings: readonly Mapping[];
  /** By address. */
  readonly pages: ReadonlyMap<number, Buffer>;
  readonly leftOut: readonly LeftOut[];
}

export async function memoryOfImage(
  path: string,
  options: { readonly raw?: boolean } = {},
): Promise<Memory> {
  return memoryOf(await openImage(path, options));
}

export async function memoryOf(source: Source): Promise<Memory> {
  const { pageSize } = source;
  const mappings: Mapping[] = [];
  const pages = new Map<number, Buffer>();
  try {
    for await (const item of source.read()) {
      ok(item.address % pageSize === 0);
      if (item.type === 'mapping') {
        ok(item.pages > 0);
        ok(!mappings.some((mapping) => overlap(mapping, item, pageSize)));
        mappings.push(item);
        continue;
      }
      const { address, bytes } = item;
      ok(bytes.length > 0 && bytes.length % pageSize === 0);
      const end = address + bytes.length;
      ok(
        mappings.some((one) => one.address <= address && end <= one.address + one.pages * pageSize),
      );
      for (let at = 0; at < bytes.length; at += pageSize)
        pages.set(address + at, Buffer.from(bytes.subarray(at, at + pageSize)));
    }
  } finally {
    await source.close();
  }
  const { title, addresses, leftOut } = source;
  return { title, addresses, mappings, pages, leftOut };
}

function overlap(a: Mapping, b: Mapping, pageSize: number): boolean {
  return a.address < b.address + b.pages * pageSize && b.address < a.address + a.pages * pageSize;
}

/** Whether all these bytes, whole pages, are present there. */
export function holds({ pages }: Memory, address: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 4096)
    if (pages.get(address + at)?.equals(bytes.subarray(at, at + 4096)) !== true) return false;
  return true;
}

/** `count` pages, no two of them equal. */
export function distinctPages(count: number, first = 1): Buffer {
  const bytes = Buffer.alloc(count * 4096);
  for (let page = 0; page < count; page++)
    bytes.fill(`page ${first + page} `, page * 4096, (page + 1) * 4096);
  return bytes;
}
