/**
 * A kdump-compressed file, as makedumpfile and QEMU's `dump-guest-memory -z` write it: which page
 * frames there are, which of them are in the file, and each of those by itself, packed.
 *
 * Frames that were left out, as makedumpfile leaves out free pages and caches, are untouched, and
 * counted.
 */
import type { LeftOut, Mapping, Run, Source } from '../../source.js';
import type { Stored } from '../bytes.js';
import { Fields } from '../fields.js';
import { type Input, titled } from '../input.js';
import { malformed } from '../malformed.js';
import { type Addresses, mappingsOf } from '../ranges.js';
import { Runs } from '../runs.js';
import { stored } from '../spool.js';
import { Window } from '../window.js';
import { type KdumpHeader, readHeader } from './header.js';
import { PageData } from './page-data.js';

const BITMAP_PIECE_BYTES = 64 * 1024;
/** Of a page: where it is, how long, and how packed. */
const DESCRIPTOR_BYTES = 24;
/** Pages that many frames share, as that of zeroes, lie further back. */
const KEPT_PAGES = 16;

export async function openKdump(input: Input): Promise<Source> {
  const bytes = await stored(input);
  try {
    return new Kdump(input, bytes, await readHeader(bytes));
  } catch (error) {
    if (bytes !== input.file) await bytes.close();
    throw error;
  }
}

class Kdump implements Source {
  readonly title: string;
  readonly addresses = 'physical';
  readonly pageSize: number;
  readonly totalBytes: undefined;
  private excludedBytes = 0;

  constructor(
    private readonly input: Input,
    private readonly bytes: Stored,
    private readonly header: KdumpHeader,
  ) {
    this.title = titled('kdump', input);
    this.pageSize = header.pageSize;
  }

  get leftOut(): readonly LeftOut[] {
    return this.excludedBytes === 0
      ? []
      : [{ reason: 'that the dump left out', bytes: this.excludedBytes }];
  }

  async *read(): AsyncGenerator<Mapping | Run, void, undefined> {
    yield* mappingsOf(this.existing(), this.pageSize);
    yield* this.pages();
  }

  async close(): Promise<void> {
    if (this.bytes !== this.input.file) await this.bytes.close();
    await this.input.close();
  }

  /** Frames that there are, in rows. Counts those of them that are not in the file. */
  private async *existing(): AsyncGenerator<Addresses, void, undefined> {
    const { pageSize } = this;
    let first = 0;
    let end = 0;
    for await (const { firstFrame, frames, exist, held } of this.bits()) {
      for (let i = 0; i < frames; i++) {
        if (!isSet(exist, i)) continue;
        if (!isSet(held, i)) this.excludedBytes += pageSize;
        const frame = firstFrame + i;
        if (frame !== end) {
          if (end > first) yield { address: first * pageSize, length: (end - first) * pageSize };
          first = frame;
        }
        end = frame + 1;
      }
    }
    if (end > first) yield { address: first * pageSize, length: (end - first) * pageSize };
  }

  private async *pages(): AsyncGenerator<Run, void, undefined> {
    const { pageSize, bytes } = this;
    const { bitmapAt, bitmapBytes, littleEndian } = this.header;
    const data = new PageData(bytes.path, pageSize);
    const window = new Window(bytes);
    const descriptors = new Window(bytes);
    const runs = new Runs();
    const kept = new Map<number, Uint8Array>();
    let at = bitmapAt + bitmapBytes * 2;
    let furthest = 0;
    for await (const { firstFrame, frames, exist, held } of this.bits()) {
      for (let i = 0; i < frames; i++) {
        if (!isSet(held, i)) continue;
        if (!isSet(exist, i))
          throw malformed(
            bytes.path,
            `frame ${firstFrame + i} is in it and is not there`,
            bitmapAt,
          );
        const descriptor =
          descriptors.at(at, DESCRIPTOR_BYTES) ??
          (await descriptors.read(at, DESCRIPTOR_BYTES, 'the page descriptors'));
        const fields = new Fields(descriptor, littleEndian);
        const offset = fields.u64(0);
        const size = fields.u32(8);
        const flags = fields.u32(12);
        if (size > pageSize) throw malformed(bytes.path, `a page of ${size} bytes, packed`, at);
        if (!data.isPrepared(flags)) await data.prepare(flags, at);
        at += DESCRIPTOR_BYTES;
        let page = kept.get(offset);
        if (page === undefined) {
          const isBack = offset < furthest;
          const packed =
            window.at(offset, size) ??
            (isBack
              ? await bytes.read(offset, size, 'a page')
              : await window.read(offset, size, 'a page'));
          page = data.unpacked(packed, flags, offset);
          if (isBack && kept.size < KEPT_PAGES) kept.set(offset, page.slice());
          furthest = Math.max(furthest, offset);
        }
        const run = runs.add((firstFrame + i) * pageSize, page);
        if (run !== undefined) yield run;
      }
    }
    const last = runs.end();
    if (last !== undefined) yield last;
  }

  /** Both bitmaps, a piece of each at a time. */
  private async *bits(): AsyncGenerator<Bits, void, undefined> {
    const { bitmapAt, bitmapBytes, frames } = this.header;
    const used = Math.ceil(frames / 8);
    for (let from = 0; from < used; from += BITMAP_PIECE_BYTES) {
      const length = Math.min(BITMAP_PIECE_BYTES, used - from);
      const piece = (at: number): Promise<Uint8Array> => this.bytes.read(at, length, 'the bitmaps');
      yield {
        firstFrame: from * 8,
        frames: Math.min(length * 8, frames - from * 8),
        exist: await piece(bitmapAt + from),
        held: await piece(bitmapAt + bitmapBytes + from),
      };
    }
  }
}

interface Bits {
  readonly firstFrame: number;
  readonly frames: number;
  /** Bit by bit, the lowest first: frames that the machine had. */
  readonly exist: Uint8Array;
  /** Frames that are in the file. */
  readonly held: Uint8Array;
}

function isSet(bits: Uint8Array, number: number): boolean {
  return (((bits[number >> 3] ?? 0) >> (number & 7)) & 1) === 1;
}
