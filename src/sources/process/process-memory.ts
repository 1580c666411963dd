/**
 * A live process whose memory is looked at: its mappings that count, what of them is present and
 * its own, and what that holds, through /proc/PID.
 *
 * Nothing of a page is kept here. Nothing is written, and nothing brought in from swap.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { KsmdError } from '../../errors.js';
import { hostPageSize } from '../host-page-size.js';
import type { LeftOut } from '../source.js';
import { nodesOf } from './numa-maps.js';
import { PageTable, type Span, type Tally } from './page-table.js';
import { type Pinned, pinnedOf } from './pinned.js';
import { refusal } from './refusal.js';
import {
  type Exclusion,
  exclusionOf,
  isAdvised,
  type ProcessMapping,
  parseSmaps,
} from './smaps.js';

/**
 * Which mappings count: those that KSM looks at now, or all that it could look at, as if
 * prctl(PR_SET_MEMORY_MERGE) were set. `auto`: the first if there are any.
 */
export type Selection = 'auto' | 'advised' | 'all';

/** A mapping that counts. */
export interface CountedMapping {
  readonly mapping: ProcessMapping;
  /** The NUMA node that most of it lies on, if told. */
  readonly node: number | undefined;
}

/** Told of bytes of addresses just gone over, and of all that are to be. */
export type Walked = (bytes: number, totalBytes: number) => void;

export class ProcessMemory {
  private readonly reasons = new Map<string, number>();
  private hasRead = false;
  /** Of addresses that are gone over entry by entry, of all mappings that count. */
  private readonly totalBytes: number;

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
    readonly mappings: readonly CountedMapping[],
    /** The mappings that count are those that are advised, and not all. */
    readonly isAdvised: boolean,
    /** It has advised some mapping. */
    readonly hasAdvised: boolean,
    private readonly pinned: Pinned,
  ) {
    this.totalBytes = mappings.reduce((sum, { mapping }) => sum + table.readBytes(mapping), 0);
  }

  /**
   * `asksWritten`: its spans say which pages were written. KsmdError: ESRCH if there is no such
   * process, EINVAL if it is the kernel's own, EACCES if it may not be read.
   */
  static async open(
    pid: number,
    selection: Selection,
    asksWritten = false,
  ): Promise<ProcessMemory> {
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
      const memory = new ProcessMemory(
        pid,
        (await readFile(`/proc/${pid}/comm`, 'latin1')).trimEnd(),
        mergesAny,
        pageSize,
        mem,
        table,
        chosen.mappings.map((mapping) => ({ mapping, node: nodes.get(mapping.address) })),
        chosen.isAdvised,
        all.some(isAdvised),
        await pinnedOf(pid),
      );
      for (const [reason, bytes] of reasons) memory.leaveOut(reason, bytes);
      return memory;
    } catch (error) {
      for (const handle of handles) await handle.close();
      throw refusal(pid, error);
    }
  }

  /** A device may write to its memory: KSM can merge none of it. */
  get isPinned(): boolean {
    return this.pinned.isAll;
  }

  /** Which pages these are is not told. */
  get pinnedBytes(): number {
    return this.pinned.bytes;
  }

  get tellsFrames(): boolean {
    return this.table.tellsFrames;
  }

  get tellsKinds(): boolean {
    return this.table.tellsKinds;
  }

  /** Of the mappings gone over so far. */
  get tally(): Tally {
    return this.table.tally;
  }

  /** Of the pages that no span has: of the mappings gone over so far. */
  get leftOut(): readonly LeftOut[] {
    const { swappedPages, zeroPages } = this.tally;
    const absent = [
      ['swap', swappedPages * this.pageSize],
      ['zero page', zeroPages * this.pageSize],
    ] as const;
    return [...this.reasons, ...absent.filter(([, bytes]) => bytes > 0)].map(([reason, bytes]) => ({
      reason,
      bytes,
    }));
  }

  /**
   * What is present of a mapping that counts, in order of address, as it is when it is asked for;
   * of each span no more is good than its place once the next one is asked for. `walked` is told
   * how far it is, where that takes long. Rejects as `open` does, and with ESRCH once it has ended.
   */
  async *spans(
    { mapping }: CountedMapping,
    walked?: Walked,
  ): AsyncGenerator<Span, void, undefined> {
    try {
      yield* this.table.spans(mapping, (bytes) => walked?.(bytes, this.totalBytes));
    } catch (error) {
      this.assertThere();
      throw refusal(this.pid, error);
    }
  }

  /**
   * As many bytes of present pages as `buffer` has, at once and for the caller alone to wait for;
   * how many could be read. Less than a page of them counts for nothing.
   */
  readNow(buffer: Buffer, address: number): number {
    try {
      const bytesRead = readSync(this.mem.fd, buffer, 0, buffer.length, address);
      if (bytesRead > 0) this.hasRead = true;
      return bytesRead;
    } catch {
      return 0;
    }
  }

  /** How many bytes could be read, without the caller alone waiting for them. */
  async read(buffer: Buffer, address: number): Promise<number> {
    try {
      const { bytesRead } = await this.mem.read(buffer, 0, buffer.length, address);
      if (bytesRead > 0) this.hasRead = true;
      return bytesRead;
    } catch {
      return 0;
    }
  }

  /** What somebody could not read of it is left out too. */
  leaveOut(reason: string, bytes: number): void {
    if (bytes > 0) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + bytes);
  }

  /** ESRCH if it has ended, or become another program: what is missing is the process itself. */
  assertThere(): void {
    // Of another program's memory than its page table tells nothing at all can be read.
    const isAnother = !this.hasRead && this.reasons.has('unreadable');
    if (this.table.isThere && !isAnother) return;
    throw new KsmdError(
      'ESRCH',
      `process ${this.pid} ended, or became another program, while it was read`,
    );
  }

  async close(): Promise<void> {
    await this.table.close();
    await this.mem.close();
  }
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

/** Nothing where the kernel has no such file, or keeps it from this user. */
async function ksmStatOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/ksm_stat`, 'latin1').catch(() => '');
}
