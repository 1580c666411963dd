/**
 * The memory of a live process that KSM could merge: the pages of private mappings that are present
 * and its own, read through /proc/PID.
 *
 * The process goes on meanwhile, so what is read is no snapshot: a page that has gone in between is
 * counted as unreadable, not guessed at. Nothing is written, and nothing brought in from swap.
 */
import type { LeftOut, Mapping, Run, Source } from '../source.js';
import type { Span } from './page-table.js';
import {
  type CountedMapping,
  ProcessMemory,
  type Selection,
  type Walked,
} from './process-memory.js';
import { isAdvised } from './smaps.js';

/** Most bytes read at once: two such pieces are in a processor's cache until they are sent. */
const READ_BYTES = 1024 * 1024;
/** Untouched pages cost less than one more region. */
export const MAX_GAP_BYTES = 256 * 1024;

/** A region to be made, and what of it is present. */
export interface ProcessRegion {
  readonly address: number;
  length: number;
  readonly huge: boolean;
  readonly node: number | undefined;
  readonly spans: Span[];
}

/** A mapping that counts, and what of it is present. */
export interface PresentMapping extends CountedMapping {
  readonly spans: readonly Span[];
}

export interface ProcessLayout {
  readonly regions: readonly ProcessRegion[];
  /** Mappings that something is present in. */
  readonly mappings: number;
  readonly presentBytes: number;
  /** Of these, in mappings that are advised. */
  readonly advisedBytes: number;
}

/** What is to be said of a process beside what is registered and what is left out. */
export interface ProcessFacts {
  /** The mappings that count are those that are advised, and not all. */
  readonly isAdvised: boolean;
  /** It has advised some mapping. */
  readonly hasAdvised: boolean;
  /** Present, its own, and advised. */
  readonly advisedBytes: number;
  /** Pages that this machine's KSM has merged, and frames that they share. */
  readonly mergedPages: number;
  readonly mergedFrames: ReadonlySet<number>;
  /** Pages that something else maps too: with whom cannot be told. */
  readonly sharedUnknown: number;
  readonly tellsFrames: boolean;
  readonly tellsKinds: boolean;
  /** A device may write to its memory: KSM can merge none of it. */
  readonly isPinned: boolean;
  /** So much is pinned, wherever it is. */
  readonly pinnedBytes: number;
}

/** Of present pages, in bytes. */
type Range = Pick<Span, 'address' | 'length'>;

/** What was read of a range. */
interface Piece {
  readonly address: number;
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

export class ProcessSource implements Source {
  readonly addresses = 'virtual';
  private readonly spareBuffers: Buffer[] = [];

  private constructor(
    private readonly memory: ProcessMemory,
    /** What is present, as regions that are to be made. */
    readonly layout: ProcessLayout,
  ) {}

  /**
   * Looks at all of its page table; what is present is read later. `walked` is told how far it is,
   * where that takes long: bytes of addresses, and how many there are. Rejects as ProcessMemory
   * does.
   */
  static async open(
    pid: number,
    selection: Selection = 'auto',
    walked: Walked = () => {},
  ): Promise<ProcessSource> {
    const memory = await ProcessMemory.open(pid, selection);
    try {
      return new ProcessSource(memory, layoutOf(await presentOf(memory, walked)));
    } catch (error) {
      await memory.close();
      throw error;
    }
  }

  get pid(): number {
    return this.memory.pid;
  }

  get pageSize(): number {
    return this.memory.pageSize;
  }

  /** It has set PR_SET_MEMORY_MERGE, as far as the kernel tells: 6.15 and later do. */
  get mergesAny(): boolean {
    return this.memory.mergesAny;
  }

  get title(): string {
    return `process ${this.pid} (${this.memory.comm})`;
  }

  get totalBytes(): number {
    return this.layout.presentBytes;
  }

  get leftOut(): readonly LeftOut[] {
    return this.memory.leftOut;
  }

  get facts(): ProcessFacts {
    const { tally, tellsFrames, tellsKinds, isAdvised, hasAdvised, isPinned, pinnedBytes } =
      this.memory;
    const { mergedPages, mergedFrames, sharedUnknown } = tally;
    return {
      isAdvised,
      hasAdvised,
      advisedBytes: this.layout.advisedBytes,
      isPinned,
      pinnedBytes,
      mergedPages,
      mergedFrames,
      sharedUnknown,
      tellsFrames,
      tellsKinds,
    };
  }

  async *read(): AsyncGenerator<Mapping | Run, void, undefined> {
    for (const { address, length, huge, node, spans } of this.layout.regions) {
      const pages = length / this.pageSize;
      yield { type: 'mapping', address, pages, huge, ...(node === undefined ? {} : { node }) };
      yield* this.runs(spans);
    }
    this.assertThere();
  }

  /**
   * What of ranges of present pages can be read. Pages that cannot are left out. While one piece is
   * used, the next one is read into the other of two buffers.
   */
  async *runs(ranges: readonly Range[]): AsyncGenerator<Run, void, undefined> {
    const buffers = [this.takeBuffer(), this.takeBuffer()] as const;
    const pieces = piecesOf(ranges);
    let isFirst = false;
    const readAhead = (): Promise<Piece> | undefined => {
      const { value } = pieces.next();
      isFirst = !isFirst;
      return value && this.readPiece(value, buffers[isFirst ? 0 : 1]);
    };
    let ahead = readAhead();
    try {
      while (ahead !== undefined) {
        const piece = await ahead;
        ahead = readAhead();
        yield* piece.isWhole ? [{ type: 'run', ...piece } as const] : this.readablePages(piece);
      }
    } finally {
      await ahead;
      this.spareBuffers.push(...buffers);
    }
  }

  private async readPiece({ address, length }: Range, buffer: Buffer): Promise<Piece> {
    const bytes = buffer.subarray(0, length);
    return { address, bytes, isWhole: (await this.memory.read(bytes, address)) === length };
  }

  private async *readablePages({ address, bytes }: Piece): AsyncGenerator<Run, void, undefined> {
    const { pageSize } = this;
    for (let offset = 0; offset < bytes.length; offset += pageSize) {
      const page = bytes.subarray(offset, offset + pageSize);
      if ((await this.memory.read(page, address + offset)) === pageSize)
        yield { type: 'run', address: address + offset, bytes: page };
      else this.memory.leaveOut('unreadable', pageSize);
    }
  }

  private takeBuffer(): Buffer {
    return this.spareBuffers.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  }

  /** ESRCH if what could not be read is the process itself: it has ended, or become another. */
  assertThere(): void {
    if (this.leftOut.some(({ reason }) => reason === 'unreadable')) this.memory.assertThere();
  }

  close(): Promise<void> {
    return this.memory.close();
  }
}

/** Ranges in parts of READ_BYTES at most. */
function* piecesOf(ranges: readonly Range[]): Generator<Range, undefined, undefined> {
  for (const { address, length } of ranges)
    for (let done = 0; done < length; done += READ_BYTES)
      yield { address: address + done, length: Math.min(READ_BYTES, length - done) };
}

/** Where what is present of each mapping lies. */
async function presentOf(memory: ProcessMemory, walked: Walked): Promise<PresentMapping[]> {
  const present: PresentMapping[] = [];
  for (const counted of memory.mappings) {
    const spans: Span[] = [];
    for await (const span of memory.spans(counted, walked)) spans.push(kept(span));
    present.push({ ...counted, spans });
  }
  return present;
}

/** What a table says of pages is good for a moment. */
function kept({ frames, merged, ...span }: Span): Span {
  return {
    ...span,
    ...(frames === undefined ? {} : { frames: frames.slice() }),
    ...(merged === undefined ? {} : { merged: merged.slice() }),
  };
}

function layoutOf(mappings: readonly PresentMapping[]): ProcessLayout {
  const regions: ProcessRegion[] = [];
  let withPages = 0;
  let presentBytes = 0;
  let advisedBytes = 0;
  for (const { mapping, spans, node } of mappings) {
    if (spans.length > 0) withPages++;
    const bytes = spans.reduce((sum, { length }) => sum + length, 0);
    presentBytes += bytes;
    if (isAdvised(mapping)) advisedBytes += bytes;
    joinTo(regions, spans, node);
  }
  return { regions, mappings: withPages, presentBytes, advisedBytes };
}

/** Spans in order of address become regions, one where the gap between two is small. */
export function joinTo(
  regions: ProcessRegion[],
  spans: readonly Span[],
  node: number | undefined,
): void {
  for (const span of spans) {
    const { address, length, huge } = span;
    const last = regions.at(-1);
    if (last === undefined || !goesInto(last, { address, huge, node }))
      regions.push({ address, length, huge, node, spans: [span] });
    else {
      const isNext = address === last.address + last.length;
      last.length = address + length - last.address;
      const before = last.spans.at(-1);
      // Small mappings in a row are read at once.
      if (before !== undefined && isNext && areAlone(before, span))
        last.spans.splice(-1, 1, { ...before, length: before.length + length });
      else last.spans.push(span);
    }
  }
}

/** Whether pages that come after a region are to be part of it, and none of their own. */
export function goesInto(
  region: Omit<ProcessRegion, 'spans'>,
  { address, huge, node }: Pick<ProcessRegion, 'address' | 'huge' | 'node'>,
): boolean {
  const gap = address - (region.address + region.length);
  // Huge pages begin on their own, and whole: the first store makes each.
  const mostGap = huge ? 0 : MAX_GAP_BYTES;
  return region.huge === huge && region.node === node && gap >= 0 && gap <= mostGap;
}

/** Nothing else maps a page of either. */
function areAlone(a: Span, b: Span): boolean {
  return a.frames === undefined && b.frames === undefined;
}
