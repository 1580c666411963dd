/**
 * A process's page table, as /proc/PID/pagemap tells it: which pages of a mapping are its own and
 * present, which of them it shares, with whom a fork or this machine's KSM has them be one frame.
 *
 * What is empty costs nothing where PAGEMAP_SCAN is to be had; elsewhere eight bytes a page are
 * read, of mappings that hold anything of the process's own: minutes, of the terabytes that some
 * programs reserve. The event loop turns meanwhile. Nothing is brought in from swap.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BATCH_PAGES, Batch, ENTRY_BYTES } from './batch.js';
import { FrameFlags, HUGE_PAGE_FRAMES, PRESENT } from './frames.js';
import { PagemapScan, type ScannedRange } from './pagemap-scan.js';
import type { ProcessMapping } from './smaps.js';
import { SOFT_DIRTY } from './soft-dirty.js';

/** Entries are read at once where there are few of them. */
const FEW_PAGES = 4096;
/** Bits 62, 61 and 56 of an entry, in its high word. */
const SWAPPED = 0x40000000;
const OF_FILE = 0x20000000;
const EXCLUSIVE = 0x01000000;
/** No frame's number. */
const MERGED = -1;

/**
 * Pages in a row that are the process's own and present. What is said of each page is good until
 * the next span is asked for: whoever keeps it copies it.
 */
export interface Span {
  /** Bytes. */
  readonly address: number;
  readonly length: number;
  /** Huge pages, whole. */
  readonly huge: boolean;
  /**
   * A page each: 0 if its frame is the page's alone, or KSM's; else a number that all pages have
   * that are this frame. Absent: all are 0.
   */
  readonly frames?: Float64Array;
  /** A page each: 1 if this machine's KSM has merged it. Absent: none, as far as can be told. */
  readonly merged?: Uint8Array;
  /**
   * A page each: 0 if nobody has written it since soft-dirty bits were cleared, as far as the
   * kernel tells. Absent: that was not asked.
   */
  readonly written?: Uint8Array;
}

/** Pages of the mappings read so far that no span has, and those that KSM has merged. */
export interface Tally {
  swappedPages: number;
  zeroPages: number;
  /** Of them no more is known than that something else maps them too. */
  sharedUnknown: number;
  mergedPages: number;
  /** Frames of merged pages, each once. */
  readonly mergedFrames: Set<number>;
}

export class PageTable {
  readonly tally: Tally = {
    swappedPages: 0,
    zeroPages: 0,
    sharedUnknown: 0,
    mergedPages: 0,
    mergedFrames: new Set(),
  };

  private constructor(
    private readonly pagemap: FileHandle,
    private readonly scan: PagemapScan | undefined,
    private readonly flags: FrameFlags | undefined,
    private readonly pageSize: number,
    private readonly asksWritten: boolean,
  ) {}

  /**
   * `path` is a process's /proc/PID/pagemap; `asksWritten`: spans say which pages were written;
   * `openScan`: what passes over what is empty, if anything does.
   */
  static async open(
    path: string,
    pageSize: number,
    asksWritten = false,
    openScan: (pagemap: FileHandle) => Promise<PagemapScan | undefined> = PagemapScan.open,
  ): Promise<PageTable> {
    const pagemap = await open(path, 'r');
    return new PageTable(
      pagemap,
      await openScan(pagemap),
      await FrameFlags.open(pageSize),
      pageSize,
      asksWritten,
    );
  }

  /** Frames have numbers: it can be told what shares one, and what KSM has merged. */
  get tellsFrames(): boolean {
    return this.flags !== undefined;
  }

  /** Huge pages and the zero page can be told from others. */
  get tellsKinds(): boolean {
    return this.scan !== undefined || this.flags !== undefined;
  }

  /** Bytes of the mapping that `spans` goes over entry by entry. */
  readBytes({ length, anonymousBytes, swapBytes }: ProcessMapping): number {
    // The zero page is in neither of both: it goes uncounted where there is nothing else.
    return this.scan === undefined && anonymousBytes + swapBytes > 0 ? length : 0;
  }

  /** In order of address. `walked` is told how many bytes of addresses were gone over. */
  async *spans(
    mapping: ProcessMapping,
    walked: (bytes: number) => void = () => {},
  ): AsyncGenerator<Span, void, undefined> {
    const batch = Batch.take();
    try {
      if (this.scan !== undefined) yield* this.scannedSpans(this.scan, mapping, batch);
      else if (this.readBytes(mapping) > 0) yield* this.readSpans(mapping, batch, walked);
    } finally {
      batch.giveBack();
    }
  }

  /** Its process has not ended, nor become another program, since the table was opened. */
  get isThere(): boolean {
    // Of memory that nobody has any more nothing is told, and else of any address.
    return readSync(this.pagemap.fd, Buffer.alloc(ENTRY_BYTES), 0, ENTRY_BYTES, 0) > 0;
  }

  async close(): Promise<void> {
    await this.pagemap.close();
    await this.flags?.close();
  }

  private isLeftOut({ start, end, ...is }: ScannedRange): boolean {
    const pages = (end - start) / this.pageSize;
    if (is.isSwapped) this.tally.swappedPages += pages;
    else if (is.isZeroPage) this.tally.zeroPages += pages;
    return !is.isPresent || is.isOfFile || is.isZeroPage;
  }

  private async *scannedSpans(
    scan: PagemapScan,
    { address, length }: ProcessMapping,
    batch: Batch,
  ): AsyncGenerator<Span, void, undefined> {
    for (const range of scan.ranges(address, address + length)) {
      if (this.isLeftOut(range)) continue;
      for (let at = range.start; at < range.end; ) {
        const stop = Math.min(range.end, at + BATCH_PAGES * this.pageSize);
        await this.readEntries(batch, at, stop);
        yield this.span(batch, at, 0, (stop - at) / this.pageSize, range.isHuge);
        at = stop;
      }
    }
  }

  /** Without PAGEMAP_SCAN: entry by entry. */
  private async *readSpans(
    { address, length }: ProcessMapping,
    batch: Batch,
    walked: (bytes: number) => void,
  ): AsyncGenerator<Span, void, undefined> {
    const { pageSize } = this;
    const end = address + length;
    const hugeBytes = HUGE_PAGE_FRAMES * pageSize;
    // From one multiple of a huge page on, so that none lies in two batches.
    for (let at = address; at < end; ) {
      const stop = Math.min(end, Math.floor(at / hugeBytes) * hugeBytes + BATCH_PAGES * pageSize);
      await this.readEntries(batch, at, stop);
      const pages = (stop - at) / pageSize;
      for (let page = 0; page < pages; ) {
        const [kind, step] = this.kindAt(batch, at, page, pages);
        let next = page + step;
        while (next < pages) {
          const [following, more] = this.kindAt(batch, at, next, pages);
          if (following !== kind) break;
          next += more;
        }
        if (kind === 'swapped') this.tally.swappedPages += next - page;
        if (kind === 'zero') this.tally.zeroPages += next - page;
        if (kind === 'own' || kind === 'huge')
          yield this.span(batch, at, page, next, kind === 'huge');
        page = next;
      }
      walked(stop - at);
      at = stop;
    }
  }

  /** What the `page`th entry read is of, and how many pages are. */
  private kindAt(
    batch: Batch,
    address: number,
    page: number,
    pages: number,
  ): ['absent' | 'swapped' | 'zero' | 'own' | 'huge', number] {
    const entry = batch.high(page);
    if (entry < PRESENT) return [(entry & SWAPPED) === 0 ? 'absent' : 'swapped', 1];
    if ((entry & OF_FILE) !== 0) return ['absent', 1];
    const { flags } = this;
    if (flags === undefined) return ['own', 1];
    const vpn = address / this.pageSize + page;
    if (
      vpn % HUGE_PAGE_FRAMES === 0 &&
      pages - page >= HUGE_PAGE_FRAMES &&
      batch.areInARow(page) &&
      flags.isHugePage(batch.frame(page))
    )
      return ['huge', HUGE_PAGE_FRAMES];
    if ((entry & EXCLUSIVE) === 0 && flags.isZeroPage(batch.frame(page))) return ['zero', 1];
    return ['own', 1];
  }

  /** Of entries `first` to `end` - 1, read from `address` on. */
  private span(batch: Batch, address: number, first: number, end: number, huge: boolean): Span {
    const pages = end - first;
    const where = {
      address: address + first * this.pageSize,
      length: pages * this.pageSize,
      huge,
    };
    let frames: Float64Array | undefined;
    let merged: Uint8Array | undefined;
    const written = this.asksWritten ? batch.written.subarray(0, pages).fill(0) : undefined;
    for (let at = 0; at < pages; at++) {
      const page = first + at;
      const entry = batch.high(page);
      if (written !== undefined && (entry & SOFT_DIRTY) !== 0) written[at] = 1;
      if (entry < PRESENT || (entry & EXCLUSIVE) !== 0) continue;
      const shared = this.sharedFrame(batch, page, address + page * this.pageSize);
      if (shared === MERGED) {
        merged ??= batch.merged.subarray(0, pages).fill(0);
        merged[at] = 1;
        // A merge clears the bit of a page that was written before.
        if (written !== undefined) written[at] = 1;
      } else {
        // It may be merged too.
        if (written !== undefined && this.flags === undefined) written[at] = 1;
        frames ??= batch.frames.subarray(0, pages).fill(0);
        frames[at] = shared;
      }
    }
    return {
      ...where,
      ...(frames === undefined ? {} : { frames }),
      ...(merged === undefined ? {} : { merged }),
      ...(written === undefined ? {} : { written }),
    };
  }

  /** What else maps the page's frame is told by a number; MERGED if KSM has merged it. */
  private sharedFrame(batch: Batch, page: number, address: number): number {
    const { flags, tally } = this;
    if (flags === undefined) {
      tally.sharedUnknown++;
      // A fork leaves a page where it was: it may be the same frame as what is there elsewhere.
      return address;
    }
    const frame = batch.frame(page);
    if (!flags.isKsm(frame)) return frame;
    tally.mergedPages++;
    tally.mergedFrames.add(frame);
    return MERGED;
  }

  private async readEntries({ entries }: Batch, start: number, end: number): Promise<void> {
    const { pagemap } = this;
    const pages = (end - start) / this.pageSize;
    const bytes = pages * ENTRY_BYTES;
    const from = (start / this.pageSize) * ENTRY_BYTES;
    const bytesRead =
      pages <= FEW_PAGES
        ? readSync(pagemap.fd, entries, 0, bytes, from)
        : (await pagemap.read(entries, 0, bytes, from)).bytesRead;
    // What is past the end of the pagemap is gone.
    entries.fill(0, bytesRead, bytes);
  }
}
