/**
 * The private anonymous memory of a live process, read through /proc/PID: which of it is present,
 * and its bytes.
 *
 * The process goes on meanwhile, so what is read is no snapshot: a page that has gone in between is
 * counted as unreadable, not guessed at.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { KsmdError } from '../errors.js';
import { hostPageSize } from './host-page-size.js';
import { HUGE_PAGE_FRAMES, HugePages } from './huge-pages.js';

const ENTRY_BYTES = 8;
const BATCH_PAGES = 65536;
/** Bits 63 and 62, in the entry's high word. */
const PRESENT = 0x80000000;
const SWAPPED = 0x40000000;
/** Of a frame's number, the bits in the high word. */
const FRAME_HIGH = 0x7fffff;
/** Most bytes read at once. */
const RANGE_BYTES = 4 * 1024 * 1024;

export interface Mapping {
  readonly address: number;
  readonly length: number;
}

/** Pages next to each other that are present. */
export interface PresentRange {
  readonly address: number;
  readonly length: number;
  /** One huge page or several, whole; else none, as far as this user may know. */
  readonly huge: boolean;
}

export class ProcessMemory {
  /** Pages met so far that are in swap, where nobody can read them without bringing them back. */
  swappedPages = 0;
  /** Bytes of one of its pages. */
  readonly pageSize = hostPageSize();

  private constructor(
    readonly pid: number,
    private readonly pagemap: FileHandle,
    private readonly mem: FileHandle,
    private readonly hugePages: HugePages | undefined,
    /** Private anonymous mappings, heap and stacks among them, in order of address. */
    readonly mappings: readonly Mapping[],
    /** It has set PR_SET_MEMORY_MERGE, as far as the kernel tells: 6.15 and later do. */
    readonly mergesAny: boolean,
  ) {}

  /**
   * KsmdError: ESRCH if there is no such process, EINVAL if it is the kernel's own, EACCES if it
   * may not be read.
   */
  static async open(pid: number): Promise<ProcessMemory> {
    const handles: FileHandle[] = [];
    try {
      const mem = await open(`/proc/${pid}/mem`, 'r');
      handles.push(mem);
      const pagemap = await open(`/proc/${pid}/pagemap`, 'r');
      handles.push(pagemap);
      const maps = await readFile(`/proc/${pid}/maps`, 'latin1');
      return new ProcessMemory(
        pid,
        pagemap,
        mem,
        await HugePages.open(),
        privateAnonymousMappings(maps),
        /^ksm_merge_any: yes$/m.test(await ksmStatOf(pid)),
      );
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw explain(pid, error);
    }
  }

  /** Whether huge pages can be told from others: not without CAP_SYS_ADMIN. */
  get tellsHugePages(): boolean {
    return this.hugePages !== undefined;
  }

  /** The ranges of present pages of a mapping, none longer than a few MiB. */
  async *presentRanges({
    address,
    length,
  }: Mapping): AsyncGenerator<PresentRange, void, undefined> {
    const { pageSize } = this;
    const entries = Buffer.alloc(BATCH_PAGES * ENTRY_BYTES);
    const hugeBytes = HUGE_PAGE_FRAMES * pageSize;
    let range: { address: number; length: number; huge: boolean } | undefined;
    const end = address + length;
    // From one multiple of a huge page on, so that none lies in two batches.
    for (let at = address; at < end; ) {
      const stop = Math.min(end, Math.floor(at / hugeBytes) * hugeBytes + BATCH_PAGES * pageSize);
      const pages = (stop - at) / pageSize;
      const { bytesRead } = await this.pagemap.read(
        entries,
        0,
        pages * ENTRY_BYTES,
        (at / pageSize) * ENTRY_BYTES,
      );
      // What is past the end of the pagemap is gone.
      entries.fill(0, bytesRead, pages * ENTRY_BYTES);
      for (let page = 0; page < pages; ) {
        const here = at + page * pageSize;
        const huge = pages - page >= HUGE_PAGE_FRAMES && (await this.isHuge(here, entries, page));
        const entry = entries.readUInt32LE(page * ENTRY_BYTES + 4);
        const present = entry >= PRESENT;
        if (!present && (entry & SWAPPED) !== 0) this.swappedPages++;
        const goesOn = present && range?.huge === huge && range.length < RANGE_BYTES;
        if (range !== undefined && !goesOn) {
          yield range;
          range = undefined;
        }
        const step = huge ? hugeBytes : pageSize;
        if (present) {
          range ??= { address: here, length: 0, huge };
          range.length += step;
        }
        page += step / pageSize;
      }
      at = stop;
    }
    if (range !== undefined) yield range;
  }

  /** Whether a huge page is mapped at the address, whose entry in the pagemap is the `page`th. */
  private async isHuge(address: number, entries: Buffer, page: number): Promise<boolean> {
    if (this.hugePages === undefined || (address / this.pageSize) % HUGE_PAGE_FRAMES !== 0)
      return false;
    const first = frameOf(entries, page);
    for (let i = 1; i < HUGE_PAGE_FRAMES; i++)
      if (frameOf(entries, page + i) !== first + i) return false;
    return this.hugePages.startsAt(first);
  }

  /** What of a range can be read: addresses and bytes. Pages that cannot are left out. */
  async *read({
    address,
    length,
  }: PresentRange): AsyncGenerator<
    { readonly address: number; readonly bytes: Buffer },
    void,
    undefined
  > {
    const { pageSize } = this;
    const buffer = Buffer.allocUnsafeSlow(length);
    if ((await this.readInto(buffer, address)) === length) {
      yield { address, bytes: buffer };
      return;
    }
    for (let offset = 0; offset < length; offset += pageSize) {
      const page = buffer.subarray(offset, offset + pageSize);
      if ((await this.readInto(page, address + offset)) === pageSize)
        yield { address: address + offset, bytes: page };
    }
  }

  async close(): Promise<void> {
    await this.pagemap.close();
    await this.mem.close();
    await this.hugePages?.close();
  }

  /** How many bytes could be read. */
  private async readInto(buffer: Buffer, address: number): Promise<number> {
    try {
      const { bytesRead } = await this.mem.read(buffer, 0, buffer.length, address);
      return bytesRead;
    } catch {
      return 0;
    }
  }
}

/** Of a page that is present; 0 for those who may not know. */
function frameOf(entries: Buffer, page: number): number {
  const low = entries.readUInt32LE(page * ENTRY_BYTES);
  return (entries.readUInt32LE(page * ENTRY_BYTES + 4) & FRAME_HIGH) * 2 ** 32 + low;
}

/** From the text of /proc/PID/maps. */
export function privateAnonymousMappings(maps: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of maps.split('\n')) {
    const [, from, to, permissions, inode, name] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)\s*(.*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || permissions?.[3] !== 'p' || inode !== '0')
      continue;
    if (
      name !== '' &&
      name !== '[heap]' &&
      !name?.startsWith('[stack') &&
      !name?.startsWith('[anon:')
    )
      continue;
    const address = Number.parseInt(from, 16);
    mappings.push({ address, length: Number.parseInt(to, 16) - address });
  }
  return mappings;
}

function explain(pid: number, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if ((code === 'ENOENT' || code === 'ESRCH') && existsSync(`/proc/${pid}`)) {
    return new KsmdError(
      'EINVAL',
      `process ${pid} has no memory of its own: it is a thread of the kernel, or has just ended`,
    );
  }
  if (code === 'ENOENT' || code === 'ESRCH')
    return new KsmdError('ESRCH', `there is no process ${pid}`);
  if (code === 'EACCES' || code === 'EPERM')
    return new KsmdError(
      'EACCES',
      `process ${pid} may not be read: be its owner, or root, or have both ` +
        'CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH',
    );
  return error instanceof Error ? error : new Error(String(error));
}

/** Nothing where the kernel has no such file, or keeps it from this user. */
async function ksmStatOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/ksm_stat`, 'latin1').catch(() => '');
}
