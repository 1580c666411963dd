/** An image of memory, looked at once: it does not change. */
import { basename } from 'node:path';
import type { Source } from '../../sources/source.js';
import { MAPPING_ADVISED, MAPPING_HUGE, PAGE_HUGE } from '../format.js';
import type { MappingFacts } from '../records.js';
import type { PageWatch } from './page-watch.js';
import type { SweepContext } from './swept-process.js';

export class SweptImage {
  constructor(
    readonly guest: number,
    private readonly name: string,
    private readonly source: Source,
    private readonly watch: PageWatch,
    private readonly context: Pick<SweepContext, 'write' | 'looked' | 'pace'>,
  ) {}

  get presentBytes(): number {
    return this.source.totalBytes ?? 0;
  }

  /** Rejects as the source does. */
  async sweep(): Promise<void> {
    const { guest, name, source, watch, context } = this;
    const { pageSize } = source;
    const machine = { pid: 0, startedTicks: 0, mergesAny: false, isPinned: false };
    context.write({ type: 'guest', guest, name, comm: source.title, ...machine });
    watch.begin();
    let marks = 0;
    for await (const item of source.read()) {
      if (item.type === 'mapping') {
        const { address, pages, huge = false, mergeable = true, node, name: label = '' } = item;
        const flags = (mergeable ? MAPPING_ADVISED : 0) | (huge ? MAPPING_HUGE : 0);
        const mapping: MappingFacts = { page: address / pageSize, pages, flags, node, label };
        context.write({ type: 'mapping', guest, ...mapping });
        marks = huge ? PAGE_HUGE : 0;
        continue;
      }
      const { buffer, byteOffset, length } = item.bytes;
      const bytes = Buffer.from(buffer, byteOffset, length);
      const first = item.address / pageSize;
      watch.pass(first, length / pageSize);
      for (let offset = 0; offset < length; offset += pageSize)
        watch.look(first + offset / pageSize, bytes.subarray(offset, offset + pageSize), marks);
      context.looked(length);
      await context.pace.rest();
    }
    watch.end();
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** What a guest of an image is called. */
export function imageName(path: string): string {
  const name = basename(path).replace(/[^A-Za-z0-9._-]+/g, '-');
  return name === '' || name === '-' ? 'image' : name.slice(0, 64);
}
