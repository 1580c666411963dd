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
import { FRAME_HIGH, FrameFlags, HUGE_PAGE_FRAMES, PRESENT } from './frames.js';
import { PagemapScan, type ScannedRange } from './pagemap-scan.js';
import type { ProcessMapping } from './smaps.js';
import { SOFT_DIRTY } from './soft-dirty.js';

const ENTRY_BYTES = 8;
const BATCH_PAGES = 65_536;
/** Entries are read at once where there are few of them. */
const FEW_PAGES = 4096;
/** Bits 62, 61 and 56 of an entry, in its high word. */
const SWAPPED = 0x40000000;
const OF_FILE = 0x20000000;
const EXCLUSIVE = 0x01000000;
/** No frame's number. */
const MERGED = -1;

/** Pages in a row that are the process's own and present. */
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
  private readonly entries = Buffer.alloc(BATCH_PAGES * ENTRY_BYTES);

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
    const { address, length } = mapping;
    const end = address + length;
    if (this.scan === undefined) {
      if (this.readBytes(mapping) > 0) yield* this.readSpans(address, end, walked);
      return;
    }
    for (const range of this.scan.ranges(address, end)) {
      if (this.isLeftOut(range)) continue;
      for (let at = range.start; at < range.end; ) {
        const stop = Math.min(range.end, at + BATCH_PAGES * this.pageSize);
        await this.readEntries(at, stop);
        yield this.span(at, 0, (stop - at) / this.pageSize, range.isHuge);
        at = stop;
      }
    }
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

  /** Without PAGEMAP_SCAN: entry by entry. */
  private async *readSpans(
    address: number,
    end: number,
    walked: (bytes: number) => void,
  ): AsyncGenerator<Span, void, undefined> {
    const { pageSize } = this;
    const hugeBytes = HUGE_PAGE_FRAMES * pageSize;
    // From one multiple of a huge page on, so that none lies in two batches.
    for (let at = address; at < end; ) {
      const stop = Math.min(end, Math.floor(at / hugeBytes) * hugeBytes + BATCH_PAGES * pageSize);
      await this.readEntries(at, stop);
      const pages = (stop - at) / pageSize;
      for (let page = 0; page < pages; ) {
        const [kind, step] = this.kindAt(at, page, pages);
        let next = page + step;
        while (next < pages) {
          const [following, more] = this.kindAt(at, next, pages);
          if (following !== kind) break;
          next += more;
        }
        if (kind === 'swapped') this.tally.swappedPages += next - page;
        if (kind === 'zero') this.tally.zeroPages += next - page;
        if (kind === 'own' || kind === 'huge') yield this.span(at, page, next, kind === 'huge');
        page = next;
      }
      walked(stop - at);
      at = stop;
    }
  }

  /** What the `page`th entry read is of, and how many pages are. */
  private kindAt(
    address: number,
    page: number,
    pages: number,
  ): ['absent' | 'swapped' | 'zero' | 'own' | 'huge', number] {
    const entry = this.high(page);
    if (entry < PRESENT) return [(entry & SWAPPED) === 0 ? 'absent' : 'swapped', 1];
    if ((entry & OF_FILE) !== 0) return ['absent', 1];
    const { flags } = this;
    if (flags === undefined) return ['own', 1];
    const vpn = address / this.pageSize + page;
    if (
      vpn % HUGE_PAGE_FRAMES === 0 &&
      pages - page >= HUGE_PAGE_FRAMES &&
      this.areInARow(page) &&
      flags.isHugePage(this.frame(page))
    )
      return ['huge', HUGE_PAGE_FRAMES];
    if ((entry & EXCLUSIVE) === 0 && flags.isZeroPage(this.frame(page))) return ['zero', 1];
    return ['own', 1];
  }

  private areInARow(page: number): boolean {
    const first = this.frame(page);
    for (let i = 1; i < HUGE_PAGE_FRAMES; i++) if (this.frame(page + i) !== first + i) return false;
    return true;
  }

  /** Of entries `first` to `end` - 1, read from `address` on. */
  private span(address: number, first: number, end: number, huge: boolean): Span {
    const at = address + first * this.pageSize;
    const where = { address: at, length: (end - first) * this.pageSize, huge };
    let frames: Float64Array | undefined;
    let merged: Uint8Array | undefined;
    const written = this.asksWritten ? new Uint8Array(end - first) : undefined;
    for (let page = first; page < end; page++) {
      const entry = this.high(page);
      if (written !== undefined && (entry & SOFT_DIRTY) !== 0) written[page - first] = 1;
      if (entry < PRESENT || (entry & EXCLUSIVE) !== 0) continue;
      const shared = this.sharedFrame(page, address + page * this.pageSize);
      if (shared === MERGED) {
        merged ??= new Uint8Array(end - first);
        merged[page - first] = 1;
        // A merge clears the bit of a page that was written before.
        if (written !== undefined) written[page - first] = 1;
      } else {
        // It may be merged too.
        if (written !== undefined && this.flags === undefined) written[page - first] = 1;
        frames ??= new Float64Array(end - first);
        frames[page - first] = shared;
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
  private sharedFrame(page: number, address: number): number {
    const { flags, tally } = this;
    if (flags === undefined) {
      tally.sharedUnknown++;
      // A fork leaves a page where it was: it may be the same frame as what is there elsewhere.
      return address;
    }
    const frame = this.frame(page);
    if (!flags.isKsm(frame)) return frame;
    tally.mergedPages++;
    tally.mergedFrames.add(frame);
    return MERGED;
  }

  private async readEntries(start: number, end: number): Promise<void> {
    const { pagemap, entries } = this;
    const pages = (end - start) / this.pageSize;
    const bytes = pages * ENTRY_BYTES;
    const from = (start / this.pageSize) * ENTRY_BYTES;
    const bytesRead =
      pages <= FEW_PAGES
        ? readSync(pagemap.fd, entries, 0, bytes, from)
        : (await pagemap.read(entries, 0, bytes, from)).bytesRead;
    // What is past the end of the pagemap is gone.
    this.entries.fill(0, bytesRead, bytes);
  }

  private high(page: number): number {
    return this.entries.readUInt32LE(page * ENTRY_BYTES + 4);
  }

  private frame(page: number): number {
    const low = this.entries.readUInt32LE(page * ENTRY_BYTES);
    return (this.high(page) & FRAME_HIGH) * 2 ** 32 + low;
  }
}
