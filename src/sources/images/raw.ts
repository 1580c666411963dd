/**
 * A raw image: a guest's memory, byte by byte, from its first address on. Holes of a file are pages
 * that nobody has touched. A stream has none.
 */
import { KsmdError } from '../../errors.js';
import { DEFAULT_PAGE_SIZE } from '../../names.js';
import type { LeftOut, Mapping, Run, Source } from '../source.js';
import type { Stored } from './bytes.js';
import type { Forward } from './forward.js';
import { type Input, titled } from './input.js';

/** Nobody knows how long a stream is: so much of it is a region, and held back until it is full. */
const STREAM_REGION_BYTES = 64 * 1024 * 1024;
const NAME = 'image';

/** EINVAL if it is a file of no whole number of pages. */
export async function openRaw(input: Input): Promise<Source> {
  if (input.file !== undefined) assertWholePages(input.path, input.file.length);
  return new RawImage(input);
}

class RawImage implements Source {
  readonly title: string;
  readonly addresses = 'physical';
  readonly pageSize = DEFAULT_PAGE_SIZE;
  readonly leftOut: readonly LeftOut[] = [];

  constructor(private readonly input: Input) {
    this.title = titled('raw image', input);
  }

  get totalBytes(): number | undefined {
    return this.input.file?.length;
  }

  read(): AsyncGenerator<Mapping | Run, void, undefined> {
    const { file, forward } = this.input;
    return file === undefined ? streamed(forward) : stored(file);
  }

  async close(): Promise<void> {
    await this.input.close();
  }
}

async function* stored(file: Stored): AsyncGenerator<Mapping | Run, void, undefined> {
  const { length } = file;
  yield { type: 'mapping', address: 0, pages: length / DEFAULT_PAGE_SIZE, name: NAME };
  for await (const { position, bytes } of file.data(0, length, DEFAULT_PAGE_SIZE))
    yield { type: 'run', address: position, bytes };
}

async function* streamed(forward: Forward): AsyncGenerator<Mapping | Run, void, undefined> {
  for (let address = 0; ; ) {
    const bytes = await forward.upTo(STREAM_REGION_BYTES);
    assertWholePages(forward.path, forward.position);
    if (bytes.length === 0) return;
    const pages = bytes.length / DEFAULT_PAGE_SIZE;
    yield { type: 'mapping', address, pages, ...(address === 0 ? { name: NAME } : {}) };
    yield { type: 'run', address, bytes };
    address += bytes.length;
  }
}

function assertWholePages(path: string, length: number): void {
  if (length % DEFAULT_PAGE_SIZE !== 0)
    throw new KsmdError(
      'EINVAL',
      `${path} is no image of memory: ${length} bytes are no whole number of pages of ` +
        `${DEFAULT_PAGE_SIZE}`,
    );
}
