/** A live process that is looked at sweep by sweep: its facts, its mappings, its pages. */
import { readFile } from 'node:fs/promises';
import type { Span } from '../../sources/process/page-table.js';
import {
  type CountedMapping,
  ProcessMemory,
  type Selection,
} from '../../sources/process/process-memory.js';
import { clearSoftDirty } from '../../sources/process/soft-dirty.js';
import {
  MAPPING_ADVISED,
  MAPPING_HUGE,
  MAPPING_LOCKED,
  PAGE_HUGE,
  PAGE_MERGED,
} from '../format.js';
import type { EndRecord, GuestFacts, MappingFacts, SweepRecord } from '../records.js';
import type { FrameOwners } from './frame-owners.js';
import type { Pace } from './pace.js';
import type { PageBuffer } from './page-buffer.js';
import type { PageWatch } from './page-watch.js';
import type { PrefixSample } from './prefixes.js';

/** As long a file name as anybody reads. */
const MOST_LABEL_CHARACTERS = 200;

/** What numbers a guest has, in bytes, and by which reason of a source's each is left out. */
const LEFT_OUT = ['zero page', 'shared', 'file', 'hugetlb', 'device', 'not advised', 'unreadable'];
export const GUEST_NUMBERS = ['rss', 'swap', ...LEFT_OUT];

/**
 * With soft-dirty bits, of so many sweeps one clears those of a guest and then looks at all of its
 * pages; the others look at what was written since, and at what is new. Were they cleared whenever
 * they are read, what is written between the two would be lost. What they do not tell is made good.
 */
const WHOLE_EVERY = 10;

/** What all guests of a capture have in common. */
export interface SweepContext {
  readonly selection: Selection;
  /** Pages that nobody has written are not read. */
  readonly softDirty: boolean;
  readonly owners: FrameOwners;
  /** For one guest at a time. */
  readonly buffer: PageBuffer;
  /** For one mapping at a time. */
  readonly prefixes: PrefixSample;
  readonly pace: Pace;
  /** By guest: what was seen of it. */
  readonly watches: ReadonlyMap<number, PageWatch>;
  write(record: Exclude<SweepRecord, EndRecord>): void;
  /** So many bytes have been looked at. */
  looked(bytes: number): void;
}

export class SweptProcess {
  private memory: ProcessMemory | undefined;
  /** How often it was opened. */
  private looks = 0;
  private facts: GuestFacts | undefined;
  private mappings = new Map<number, MappingFacts>();

  constructor(
    readonly guest: number,
    readonly pid: number,
    readonly name: string,
    readonly startedTicks: number,
    private readonly watch: PageWatch,
    private readonly context: SweepContext,
  ) {}

  /** It can be read. */
  get isOpen(): boolean {
    return this.memory !== undefined;
  }

  /** The recording knows it. */
  get isTold(): boolean {
    return this.facts !== undefined;
  }

  get tellsFrames(): boolean {
    return this.facts?.tellsFrames !== false;
  }

  /** Its page table is there to be looked at. Rejects as ProcessMemory does, and clearSoftDirty. */
  async open(): Promise<void> {
    await this.close();
    const { pid, guest, looks } = this;
    const { selection, softDirty } = this.context;
    // Guests that come together have their whole sweeps in turn.
    const isWhole = !softDirty || looks === 0 || (looks + guest) % WHOLE_EVERY === 0;
    if (softDirty && isWhole) await clearSoftDirty(pid);
    this.memory = await ProcessMemory.open(pid, selection, !isWhole);
    this.looks++;
  }

  /** How many pages want a second look. ESRCH if it ended meanwhile. */
  async sweep(): Promise<number> {
    const { memory, watch, context, guest } = this;
    if (memory === undefined) throw new Error('a process is opened before it is swept');
    this.tellFacts(memory);
    const before = this.mappings;
    this.mappings = new Map();
    watch.begin();
    for (const counted of memory.mappings) {
      const facts = mappingFacts(counted, memory.pageSize);
      const known = before.get(facts.page);
      const isAsBefore = isSame(known, facts);
      const prefixes = known === undefined ? context.prefixes : undefined;
      prefixes?.begin();
      // That somebody has advised something is known by it, with or without a page.
      if ((facts.flags & MAPPING_ADVISED) !== 0) this.tellMapping(facts, isAsBefore);
      for await (const span of memory.spans(counted)) {
        this.tellMapping(facts, isAsBefore);
        // The bits do not tell of pages that came with whole page tables (mremap): all are read.
        const { written, ...unasked } = span;
        await this.sweepSpan(memory, isAsBefore ? span : unasked, prefixes);
      }
      const counts = prefixes?.counts();
      if (counts !== undefined)
        context.write({ type: 'prefixes', guest, page: facts.page, counts });
    }
    memory.assertThere();
    const undecided = watch.end();
    for (const page of before.keys())
      if (!this.mappings.has(page)) context.write({ type: 'mapping-gone', guest, page });
    await this.tellNumbers(memory);
    return undecided;
  }

  /** The second look at pages that may be restless. */
  decide(): void {
    const { memory, watch, guest } = this;
    if (memory !== undefined) {
      const [page = Buffer.alloc(memory.pageSize)] = this.context.buffer.pages;
      watch.decide(page, (at) => memory.readNow(page, at * memory.pageSize) === page.length);
    }
    const pages = watch.unsampledChanges;
    if (pages > 0) this.context.write({ type: 'unsampled-changes', guest, pages });
  }

  async close(): Promise<void> {
    await this.memory?.close();
    this.memory = undefined;
  }

  private async sweepSpan(
    memory: ProcessMemory,
    { address, length, huge, frames, merged, written }: Span,
    prefixes: PrefixSample | undefined,
  ): Promise<void> {
    const { watch, context } = this;
    const { bytes, pages } = context.buffer;
    const { pageSize } = memory;
    const { tellsFrames } = memory;
    for (let done = 0; done < length; done += bytes.length) {
      const chunk = length - done < bytes.length ? bytes.subarray(0, length - done) : bytes;
      const count = chunk.length / pageSize;
      const first = (address + done) / pageSize;
      const index = done / pageSize;
      const owners = this.ownersOf(frames, first, index, count);
      // What a fork shares is known by its owner's, where frames have numbers.
      const isKnown = tellsFrames && owners?.every((owner) => owner !== 0) === true;
      // Where some rest, each of the others is read for itself.
      const someRest = written?.subarray(index, index + count).includes(0) === true;
      const readable = isKnown || someRest ? 0 : memory.readNow(chunk, address + done);
      watch.pass(first, count);
      for (let at = 0; at < count; at++) {
        const page = first + at;
        const content = pages[at] ?? bytes;
        const isMerged = merged?.[index + at] === 1;
        const marks = (huge ? PAGE_HUGE : 0) | (isMerged ? PAGE_MERGED : 0);
        const owner = owners?.[at] ?? 0;
        if (owner !== 0 && tellsFrames) {
          watch.share(page, owner, marks);
          continue;
        }
        if (written?.[index + at] === 0 && watch.rest(page, marks)) continue;
        const isRead =
          (at + 1) * pageSize <= readable || memory.readNow(content, page * pageSize) === pageSize;
        if (!isRead) {
          watch.lose(page);
          memory.leaveOut('unreadable', pageSize);
        } else if (owner !== 0 && context.watches.get(owner)?.holds(page, content) === true)
          // Where frames have no numbers: at one place, mapped elsewhere too, and of equal bytes.
          watch.share(page, owner, marks);
        else {
          prefixes?.look(content);
          watch.look(page, content, marks);
        }
      }
      context.looked(chunk.length);
      await context.pace.rest();
    }
  }

  /** Whose each page is, from `page` on, `index` of the span's; 0: its own. */
  private ownersOf(
    frames: Float64Array | undefined,
    page: number,
    index: number,
    count: number,
  ): Uint32Array | undefined {
    if (frames === undefined) return undefined;
    const { owners: known, buffer } = this.context;
    const owners = buffer.owners.subarray(0, count);
    for (let at = 0; at < count; at++) {
      const frame = frames[index + at] ?? 0;
      owners[at] = frame === 0 ? 0 : (known.ownerOf(frame, page + at, this.guest) ?? 0);
    }
    return owners;
  }

  /** Once a sweep; the file has it already if it is as before. */
  private tellMapping(facts: MappingFacts, isAsBefore: boolean): void {
    if (this.mappings.has(facts.page)) return;
    this.mappings.set(facts.page, facts);
    if (!isAsBefore) this.context.write({ type: 'mapping', guest: this.guest, ...facts });
  }

  private tellFacts({ comm, mergesAny, isPinned, tellsFrames }: ProcessMemory): void {
    const { guest, pid, name, startedTicks, facts: before } = this;
    if (before?.comm === comm && before.mergesAny === mergesAny && before.isPinned === isPinned)
      return;
    const facts = { name, pid, comm, startedTicks, mergesAny, isPinned };
    this.facts = tellsFrames ? facts : { ...facts, tellsFrames };
    this.context.write({ type: 'guest', guest, ...this.facts });
  }

  private async tellNumbers(memory: ProcessMemory): Promise<void> {
    const { pid, guest } = this;
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    const leftOut = new Map(memory.leftOut.map(({ reason, bytes }) => [reason, bytes]));
    const values = [field('VmRSS'), field('VmSwap'), ...LEFT_OUT.map((of) => leftOut.get(of) ?? 0)];
    this.context.write({ type: 'numbers', guest, values });
  }
}

function mappingFacts({ mapping, node }: CountedMapping, pageSize: number): MappingFacts {
  const { address, length, path, flags } = mapping;
  const bit = (letters: string, value: number): number => (flags.has(letters) ? value : 0);
  return {
    page: address / pageSize,
    pages: length / pageSize,
    flags: bit('mg', MAPPING_ADVISED) | bit('hg', MAPPING_HUGE) | bit('lo', MAPPING_LOCKED),
    node,
    label: path.slice(0, MOST_LABEL_CHARACTERS),
  };
}

function isSame(a: MappingFacts | undefined, b: MappingFacts): boolean {
  return (
    a !== undefined &&
    a.pages === b.pages &&
    a.flags === b.flags &&
    a.node === b.node &&
    a.label === b.label
  );
}
