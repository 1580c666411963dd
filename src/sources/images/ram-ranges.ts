/**
 * Images that are ranges of memory one after the other, each with its addresses before it: LiME,
 * and AVML, whose ranges are packed with snappy's framing.
 *
 * How many there are is known only at the end, so each becomes a region by itself.
 */
import { DEFAULT_PAGE_SIZE } from '../../names.js';
import type { LeftOut, Mapping, Run, Source } from '../source.js';
import { PIECE_BYTES } from './bytes.js';
import { Fields } from './fields.js';
import { Forward } from './forward.js';
import { type Input, titled } from './input.js';
import { malformed } from './malformed.js';

const LIME_MAGIC = 0x4c694d45;
const AVML_MAGIC = 0x4c4d5641;
const HEADER_BYTES = 32;
/** What AVML puts behind each range: how long it was, packed. */
const AVML_TRAILER_BYTES = 8;
const ADDRESS_LIMIT = 2 ** 47;

interface RamRange {
  readonly isPacked: boolean;
  readonly address: number;
  readonly length: number;
}

export async function openRamRanges(input: Input): Promise<Source> {
  const magic = new Fields(await input.forward.peek(4), true).u32(0);
  return new RamRanges(input, magic === AVML_MAGIC ? 'AVML image' : 'LiME image');
}

class RamRanges implements Source {
  readonly title: string;
  readonly addresses = 'physical';
  readonly pageSize = DEFAULT_PAGE_SIZE;
  readonly totalBytes: number | undefined;
  private inPartBytes = 0;

  constructor(
    private readonly input: Input,
    format: string,
  ) {
    this.title = titled(format, input);
    this.totalBytes = input.file?.length;
  }

  get leftOut(): readonly LeftOut[] {
    return this.inPartBytes === 0
      ? []
      : [{ reason: 'of pages that are there in part', bytes: this.inPartBytes }];
  }

  async *read(): AsyncGenerator<Mapping | Run, void, undefined> {
    const { forward } = this.input;
    let end = 0;
    for (let at = forward.position; (await forward.peek(1)).length > 0; at = forward.position) {
      const range = rangeOf(await forward.take(HEADER_BYTES, 'a range'), forward.path, at);
      if (range.address < end)
        throw malformed(forward.path, 'a range that is not above the last', at);
      end = range.address + range.length;
      yield* this.pagesOf(range, range.isPacked ? await unpacked(forward, range) : forward);
      if (range.isPacked) await forward.skip(AVML_TRAILER_BYTES, 'the length of a range');
    }
  }

  async close(): Promise<void> {
    await this.input.close();
  }

  private async *pagesOf(
    { address, length }: RamRange,
    contents: Forward,
  ): AsyncGenerator<Mapping | Run, void, undefined> {
    const { pageSize } = this;
    const from = Math.ceil(address / pageSize) * pageSize;
    const to = Math.floor((address + length) / pageSize) * pageSize;
    if (to <= from) {
      this.inPartBytes += length;
      await contents.skip(length, 'the end of a range');
      return;
    }
    this.inPartBytes += length - (to - from);
    yield { type: 'mapping', address: from, pages: (to - from) / pageSize };
    await contents.skip(from - address, 'a range of memory');
    for (let at = from; at < to; ) {
      const bytes = await contents.take(Math.min(PIECE_BYTES, to - at), 'a range of memory');
      yield { type: 'run', address: at, bytes };
      at += bytes.length;
    }
    await contents.skip(address + length - to, 'the end of a range');
  }
}

function rangeOf(header: Uint8Array, path: string, at: number): RamRange {
  const fields = new Fields(header, true);
  const magic = fields.u32(0);
  const version = fields.u32(4);
  const isPacked = magic === AVML_MAGIC && version === 2;
  if (!isPacked && !(magic === LIME_MAGIC && version === 1))
    throw malformed(path, 'no range of memory where one is due', at);
  const address = fields.u64(8);
  const length = fields.u64(16) + 1 - address;
  if (!(length > 0) || address + length > ADDRESS_LIMIT)
    throw malformed(path, 'a range of addresses that cannot be', at + 8);
  return { isPacked, address, length };
}

async function unpacked(forward: Forward, { length }: RamRange): Promise<Forward> {
  const { unsnappied } = await import('./compression/snappy-frames.js');
  return new Forward(forward.path, unsnappied(forward, length));
}
