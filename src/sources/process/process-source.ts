/**
 * The memory of a live process that KSM could merge: the pages of private mappings that are present
 * and its own, read through /proc/PID.
 *
 * The process goes on meanwhile, so what is read is no snapshot: a page that has gone in between is
 * counted as unreadable, not guessed at. Nothing is written, and nothing brought in from swap.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, readlink } from 'node:fs/promises';
import { KsmdError } from '../../errors.js';
import { hostPageSize } from '../host-page-size.js';
import type { LeftOut, Mapping, Run, Source } from '../source.js';
import { nodesOf } from './numa-maps.js';
import { PageTable, type Span } from './page-table.js';
import { refusal } from './refusal.js';
import {
  type Exclusion,
  exclusionOf,
  isAdvised,
  type ProcessMapping,
  parseSmaps,
} from './smaps.js';

/** Most bytes read at once: two such pieces are in a processor's cache until they are sent. */
const READ_BYTES = 1024 * 1024;
/** Untouched pages cost less than one more region. */
export const MAX_GAP_BYTES = 256 * 1024;

/**
 * Which mappings count: those that KSM looks at now, or all that it could look at, as if
 * prctl(PR_SET_MEMORY_MERGE) were set. `auto`: the first if there are any.
 */
export type Selection = 'auto' | 'advised' | 'all';

/** A region to be made, and what of it is present. */
export interface ProcessRegion {
  readonly address: number;
  length: number;
  readonly huge: boolean;
  readonly node: number | undefined;
  readonly spans: Span[];
}

/** A mapping that counts, and what of it is present. */
export interface PresentMapping {
  readonly mapping: ProcessMapping;
  readonly node: number | undefined;
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
}

/** Told of bytes of addresses just gone over, and of all that are to be. */
export type Walked = (bytes: number, totalBytes: number) => void;

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
  private readonly reasons = new Map<string, number>();
  private readonly spareBuffers: Buffer[] = [];
  /** Where something could be read last. */
  private lastRead: number | undefined;

  private constructor(
    readonly pid: number,
    /** Its name, as the kernel has it. */
    readonly comm: string,
    /** It has set PR_SET_MEMORY_MERGE, as far as the kernel tells: 6.15 and later do. */
    readonly mergesAny: boolean,
    readonly pageSize: number,
    private readonly mem: FileHandle,
    private readonly table: PageTable,
    /** In order of address. */
    readonly mappings: readonly PresentMapping[],
    /** The same as regions that are to be made. */
    readonly layout: ProcessLayout,
    private readonly advised: Pick<ProcessFacts, 'isAdvised' | 'hasAdvised'>,
    private readonly isPinned: boolean,
  ) {}

  /**
   * Looks at all of its page table; what is present is read later. `walked` is told how far it is,
   * where that takes long: bytes of addresses, and how many there are; `asksWritten`: its spans say
   * which pages were written. KsmdError: ESRCH if there is no such process, EINVAL if it is the
   * kernel's own, EACCES if it may not be read.
   */
  static async open(
    pid: number,
    selection: Selection = 'auto',
    walked: Walked = () => {},
    asksWritten = false,
  ): Promise<ProcessSource> {
    const handles: { close(): Promise<void> }[] = [];
    try {
      const mem = await open(`/proc/${pid}/mem`, 'r');
      handles.push(mem);
      const pageSize = hostPageSize();
      const table = await PageTable.open(`/proc/${pid}/pagemap`, pageSize, asksWritten);
      handles.push(table);
      const all = parseSmaps(await readFile(`/proc/${pid}/smaps`, 'latin1'));
      const stat = await ksmStatOf(pid);
      const mergesAny = /^ksm_merge_any: yes$/m.test(stat);
      const reasons = new Map<string, number>();
      const chosen = chosenOf(all, selection, reasons);
      const nodes = await nodesOf(pid);
      const mappings = await presentOf(table, chosen.mappings, nodes, walked);
      const source = new ProcessSource(
        pid,
        (await readFile(`/proc/${pid}/comm`, 'latin1')).trimEnd(),
        mergesAny,
        pageSize,
        mem,
        table,
        mappings,
        layoutOf(mappings),
        { isAdvised: chosen.isAdvised, hasAdvised: all.some(isAdvised) },
        await isPinned(pid),
      );
      for (const [reason, bytes] of reasons) source.leaveOut(reason, bytes);
      source.leaveOut('swap', table.tally.swappedPages * pageSize);
      source.leaveOut('zero page', table.tally.zeroPages * pageSize);
      return source;
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw refusal(pid, error);
    }
  }

  get title(): string {
    return `process ${this.pid} (${this.comm})`;
  }

  get totalBytes(): number {
    return this.layout.presentBytes;
  }

  get leftOut(): readonly LeftOut[] {
    return [...this.reasons].map(([reason, bytes]) => ({ reason, bytes }));
  }

  get facts(): ProcessFacts {
    const { tally, tellsFrames, tellsKinds } = this.table;
    const { mergedPages, mergedFrames, sharedUnknown } = tally;
    return {
      ...this.advised,
      advisedBytes: this.layout.advisedBytes,
      isPinned: this.isPinned,
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
    await this.assertThere();
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
    return { address, bytes, isWhole: (await this.readInto(bytes, address)) === length };
  }

  private async *readablePages({ address, bytes }: Piece): AsyncGenerator<Run, void, undefined> {
    const { pageSize } = this;
    for (let offset = 0; offset < bytes.length; offset += pageSize) {
      const page = bytes.subarray(offset, offset + pageSize);
      if ((await this.readInto(page, address + offset)) === pageSize)
        yield { type: 'run', address: address + offset, bytes: page };
      else this.leaveOut('unreadable', pageSize);
    }
  }

  private takeBuffer(): Buffer {
    return this.spareBuffers.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  }

  /**
   * As many bytes of present pages as `buffer` has, at once and for the caller alone to wait for;
   * how many could be read. Less than a page of them counts for nothing.
   */
  readNow(buffer: Buffer, address: number): number {
    try {
      const bytesRead = readSync(this.mem.fd, buffer, 0, buffer.length, address);
      if (bytesRead > 0) this.lastRead = address;
      return bytesRead;
    } catch {
      return 0;
    }
  }

  /** ESRCH if what could not be read is the process itself: it has ended, or become another. */
  async assertThere(): Promise<void> {
    if (!this.reasons.has('unreadable')) return;
    const [region] = this.layout.regions;
    const page = Buffer.alloc(this.pageSize);
    const at = this.lastRead ?? region?.address ?? 0;
    if ((await this.readInto(page, at)) === this.pageSize) return;
    throw new KsmdError(
      'ESRCH',
      `process ${this.pid} ended, or became another program, while it was read`,
    );
  }

  async close(): Promise<void> {
    await this.table.close();
    await this.mem.close();
  }

  /** What somebody could not read of it is left out too. */
  leaveOut(reason: string, bytes: number): void {
    if (bytes > 0) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + bytes);
  }

  /** How many bytes could be read. */
  private async readInto(buffer: Buffer, address: number): Promise<number> {
    try {
      const { bytesRead } = await this.mem.read(buffer, 0, buffer.length, address);
      if (bytesRead > 0) this.lastRead = address;
      return bytesRead;
    } catch {
      return 0;
    }
  }
}

/** Ranges in parts of READ_BYTES at most. */
function* piecesOf(ranges: readonly Range[]): Generator<Range, undefined, undefined> {
  for (const { address, length } of ranges)
    for (let done = 0; done < length; done += READ_BYTES)
      yield { address: address + done, length: Math.min(READ_BYTES, length - done) };
}

/** The mappings that count, and by reason what the others hold, in bytes. */
function chosenOf(
  all: readonly ProcessMapping[],
  selection: Selection,
  reasons: Map<string, number>,
): { mappings: ProcessMapping[]; isAdvised: boolean } {
  const leaveOut = (reason: Exclusion | 'file' | 'not advised', bytes: number): void => {
    reasons.set(reason, (reasons.get(reason) ?? 0) + bytes);
  };
  const advised = selection === 'advised' || (selection === 'auto' && all.some(isAdvised));
  const mappings = all.filter((mapping) => {
    const exclusion = exclusionOf(mapping);
    if (exclusion !== undefined) {
      leaveOut(exclusion, exclusion === 'hugetlb' ? mapping.hugetlbBytes : mapping.rssBytes);
      return false;
    }
    leaveOut('file', mapping.rssBytes - mapping.anonymousBytes);
    const counts = !advised || isAdvised(mapping);
    if (!counts) leaveOut('not advised', mapping.anonymousBytes);
    return counts;
  });
  return { mappings, isAdvised: advised };
}

/** Where what is present of each mapping lies. */
async function presentOf(
  table: PageTable,
  mappings: readonly ProcessMapping[],
  nodes: ReadonlyMap<number, number>,
  walked: Walked,
): Promise<PresentMapping[]> {
  const totalBytes = mappings.reduce((sum, mapping) => sum + table.readBytes(mapping), 0);
  const walkedSome = (bytes: number): void => walked(bytes, totalBytes);
  const present: PresentMapping[] = [];
  for (const mapping of mappings) {
    const spans: Span[] = [];
    for await (const span of table.spans(mapping, walkedSome)) spans.push(span);
    present.push({ mapping, node: nodes.get(mapping.address), spans });
  }
  return present;
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

/** It has given a device access to its memory, which is then pinned (VFIO). */
async function isPinned(pid: number): Promise<boolean> {
  const pinned = /^VmPin:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'latin1'));
  if (Number(pinned?.[1] ?? 0) > 0) return true;
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder).catch(() => [])) {
    const target = await readlink(`${folder}/${fd}`).catch(() => '');
    if (target.startsWith('/dev/vfio/')) return true;
  }
  return false;
}

/** Nothing where the kernel has no such file, or keeps it from this user. */
async function ksmStatOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/ksm_stat`, 'latin1').catch(() => '');
}
