/**
 * Guests with the memory of live processes, at the same addresses. Those that a fork has made of
 * one another become guests that share as these do.
 */
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import {
  differenceOf,
  type FamilyDifference,
  type Range,
  sharedFrames,
  sharedPages,
} from '../../../sources/process/family.js';
import type { Selection } from '../../../sources/process/process-memory.js';
import { ProcessSource } from '../../../sources/process/process-source.js';
import { count, figure, size } from '../../../wording/amounts.js';
import type { NamedProcess } from '../../selected-processes.js';
import { Progress } from '../../terminal/progress.js';
import type { Session } from '../../verb.js';
import { assertDistinct } from './distinct-names.js';
import { GuestBatch } from './guest-batch.js';
import { memoryTable, type Taken } from './memory-table.js';
import { setMergesAny } from './merges-any.js';
import { PageUpload } from './page-upload.js';
import { registerSource } from './register-source.js';
import { beginGuest, endGuest } from './unfinished.js';

/** Addresses whose page table is read in a moment. */
const LONG_TABLE_BYTES = 2 ** 34;

export interface RegisterProcessesOptions {
  /** The NUMA node of what the kernel does not place. */
  readonly node: number | undefined;
  /** Where the key of fingerprints is, if not in its own place. */
  readonly key: string | undefined;
}

/** A process that becomes a guest. */
interface Member {
  readonly guest: string;
  readonly source: ProcessSource;
  readonly frames: ReadonlyMap<number, number>;
  /** Once it has become one. */
  registeredBytes: number;
}

/**
 * All become guests, or none does. Where any has advised memory, and nothing is forced, those that
 * have not are left out: KSM does not see them now. Resolves to those that were made.
 */
export async function registerProcesses(
  { client, print }: Session,
  wanted: readonly NamedProcess[],
  selection: Selection,
  { node, key }: RegisterProcessesOptions,
): Promise<readonly Taken[]> {
  assertDistinct(wanted.map(({ guest }) => guest));
  const sources = new Map<NamedProcess, ProcessSource>();
  const members: Member[] = [];
  // Printed once all are there: until then they may all be taken back.
  const lines: string[] = [];
  try {
    for (const each of wanted) sources.set(each, await openSource(each, selection));
    const chosen = [...sources].filter(([, source]) => counts(source, [...sources.values()]));
    if (chosen.length === 0) throw nothingToRegister(sources);
    const upload = await PageUpload.to(client, key);
    for (const [{ guest }, source] of chosen) {
      const frames = sharedFrames(source.layout, source.pageSize);
      const member: Member = { guest, source, frames, registeredBytes: 0 };
      const parent = parentOf(member, members);
      const said =
        parent === undefined
          ? await registerAlone(client, upload, member, node)
          : await registerForked(client, upload, member, parent);
      members.push(member);
      // Not before all are there.
      beginGuest(client, guest);
      lines.push(...said, ...factsOf(member), ...placeOf(member, node));
    }
    print(...lines, ...memoryTable(members));
    for (const [{ guest }, source] of sources)
      if (!chosen.some(([{ guest: other }]) => other === guest))
        print(`${guest}: left out, as process ${source.pid} has ${nothing(source)}`);
    print(...mergedBy([...sources.values()]), ...upload.notes);
    return members;
  } catch (error) {
    for (const { guest } of members) await client.removeGuest(guest).catch(() => {});
    throw error;
  } finally {
    for (const { guest } of members) endGuest(guest);
    for (const source of sources.values()) await source.close();
  }
}

/** Where the page table is long to read, it is shown how far that is. */
async function openSource(
  { guest, pid }: NamedProcess,
  selection: Selection,
): Promise<ProcessSource> {
  let progress: Progress | undefined;
  try {
    return await ProcessSource.open(pid, selection, (bytes, totalBytes) => {
      if (totalBytes < LONG_TABLE_BYTES) return;
      progress ??= new Progress(`${guest}: page table`, totalBytes);
      progress.add(bytes);
    });
  } finally {
    progress?.end();
  }
}

function counts(source: ProcessSource, all: readonly ProcessSource[]): boolean {
  if (source.totalBytes === 0) return false;
  return source.facts.isAdvised || !all.some(({ facts }) => facts.isAdvised);
}

function nothingToRegister(sources: ReadonlyMap<NamedProcess, ProcessSource>): KsmdError {
  const [first, ...others] = sources.values();
  if (first === undefined || others.length > 0)
    return new KsmdError('EINVAL', 'none of these processes has memory that is present and counts');
  return new KsmdError('EINVAL', `process ${first.pid} has ${nothing(first)}`);
}

function nothing(source: ProcessSource): string {
  const { facts, totalBytes } = source;
  const shared = sharedRam(source, 0);
  const hint =
    shared === 0
      ? ''
      : ` (${size(shared)} is shared, of which KSM merges none: a virtual machine's is private ` +
        'with share=off in its memory-backend)';
  return facts.isAdvised || totalBytes > 0
    ? `advised nothing that is present${hint}: --all takes the rest`
    : `no private memory that is present${hint}`;
}

/** The one that shares most with it. */
function parentOf(member: Member, members: readonly Member[]): Member | undefined {
  let most = 0;
  let parent: Member | undefined;
  for (const other of members) {
    const shared = sharedPages(other.frames, member.frames);
    if (shared <= most) continue;
    most = shared;
    parent = other;
  }
  return parent;
}

async function registerAlone(
  client: Client,
  upload: PageUpload,
  member: Member,
  node: number | undefined,
): Promise<string[]> {
  const { guest, source } = member;
  let flag: string[] = [];
  const prepare = async (): Promise<void> => {
    if (source.mergesAny) flag = await setMergesAny(client, guest, true);
  };
  const { presentBytes } = await registerSource(client, upload, guest, source, { node, prepare });
  member.registeredBytes = presentBytes;
  return [
    `${guest}: ${pages(presentBytes, source)} of process ${source.pid} in ` +
      `${count(source.layout.mappings, 'mapping')}`,
    ...flag,
  ];
}

async function registerForked(
  client: Client,
  upload: PageUpload,
  member: Member,
  parent: Member,
): Promise<string[]> {
  const { guest, source } = member;
  const { regions } = await client.guest(parent.guest);
  const { pageSize } = await client.status();
  const difference = differenceOf(
    regions.map(({ name, address, pages: n }) => ({ name, address, length: n * pageSize })),
    parent.source.layout,
    source.layout,
    source.pageSize,
  );
  const { mergesAny } = await client.fork(parent.guest, guest);
  beginGuest(client, guest);
  try {
    const making = new ForkedGuest(client, upload, member);
    await making.apply(difference, pageSize);
    const sharedBytes = await making.keepEqual(difference.shared, parent.source);
    source.assertThere();
    member.registeredBytes = sharedBytes + making.storedBytes;
    const flag =
      mergesAny === source.mergesAny ? [] : await setMergesAny(client, guest, source.mergesAny);
    const taken = source.facts.tellsFrames
      ? 'are the same as'
      : 'are taken to be the same (at the same place, mapped elsewhere too, and equal) as';
    return [
      `${guest}: ${pages(member.registeredBytes, source)} of process ${source.pid} in ` +
        `${count(source.layout.mappings, 'mapping')}`,
      `  ${pages(sharedBytes, source)} ${taken} ${parent.guest}'s since a fork`,
      ...flag,
    ];
  } catch (error) {
    await client.removeGuest(guest).catch(() => {});
    throw error;
  } finally {
    endGuest(guest);
  }
}

/** A copy of another guest, on its way to be a process's own. */
class ForkedGuest {
  storedBytes = 0;
  private readonly batch: GuestBatch;
  private readonly progress: Progress;

  constructor(
    private readonly client: Client,
    private readonly upload: PageUpload,
    private readonly member: Member,
  ) {
    this.batch = new GuestBatch(client, upload, member.guest);
    this.progress = new Progress(member.guest, member.source.totalBytes);
  }

  async apply({ regions, added }: FamilyDifference, pageSize: number): Promise<void> {
    const { client, member } = this;
    const { guest } = member;
    try {
      for (const { region, isGone, dropped, changed } of regions) {
        if (isGone) {
          await client.unmap(guest, region.name);
          continue;
        }
        // What cannot be read any more is not to be the parent's.
        for (const range of [...dropped, ...changed]) await this.drop(range);
        for (const range of changed) await this.store(range);
      }
      for (const { start, end, huge, node, present } of added) {
        await this.batch.map({
          name: start.toString(16),
          pages: (end - start) / pageSize,
          address: start,
          huge: huge && this.upload.takesHugePages,
          ...(node === undefined ? {} : { node }),
        });
        for (const range of present) await this.store(range);
      }
      await this.batch.send();
    } finally {
      this.progress.end();
    }
  }

  /**
   * Of pages that are the same as the parent's by their frames' numbers all stay so; where these
   * are not told, those that are equal. How many bytes do.
   */
  async keepEqual(shared: readonly Range[], parent: ProcessSource): Promise<number> {
    const { source } = this.member;
    const { pageSize } = source;
    let bytes = 0;
    for (const range of shared) {
      if (source.facts.tellsFrames) {
        bytes += range.end - range.start;
        continue;
      }
      for await (const run of source.runs([lengthOf(range)])) {
        const others = new Map<number, Uint8Array>();
        const { address, bytes: own } = run;
        for await (const other of parent.runs([{ address, length: own.length }]))
          others.set(other.address, Buffer.from(other.bytes));
        for (let at = 0; at < run.bytes.length; at += pageSize) {
          const page = run.bytes.subarray(at, at + pageSize);
          const other = pageAt(others, run.address + at, pageSize);
          if (other !== undefined && Buffer.compare(page, other) === 0) bytes += pageSize;
          else await this.put(run.address + at, page);
        }
      }
    }
    await this.batch.send();
    return bytes;
  }

  private async drop({ start, end }: Range): Promise<void> {
    const pages = { address: start, length: end - start };
    await this.client.madvise(this.member.guest, 'dontneed', pages);
  }

  private async store(range: Range): Promise<void> {
    for await (const { address, bytes } of this.member.source.runs([lengthOf(range)]))
      await this.put(address, bytes);
  }

  private async put(address: number, bytes: Uint8Array): Promise<void> {
    await this.batch.store(address, bytes);
    this.storedBytes += bytes.length;
    this.progress.add(bytes.length);
  }
}

function lengthOf({ start, end }: Range): { address: number; length: number } {
  return { address: start, length: end - start };
}

function pageAt(
  runs: ReadonlyMap<number, Uint8Array>,
  address: number,
  pageSize: number,
): Uint8Array | undefined {
  for (const [start, bytes] of runs)
    if (start <= address && address < start + bytes.length)
      return bytes.subarray(address - start, address - start + pageSize);
  return undefined;
}

/** What somebody has to know who goes by the figures. */
function factsOf({ source, registeredBytes }: Member): string[] {
  const { facts, pageSize } = source;
  const lines = [
    facts.isAdvised
      ? '  as KSM sees it now: what the process has advised'
      : facts.hasAdvised
        ? '  as if prctl(PR_SET_MEMORY_MERGE) were set'
        : '  as if prctl(PR_SET_MEMORY_MERGE) were set: it has advised nothing',
  ];
  const shared = sharedRam(source, registeredBytes);
  if (shared > 0)
    lines.push(
      `  most of it is shared memory (${size(shared)}), of which KSM merges none;`,
      "  a virtual machine's is private with share=off in its memory-backend",
    );
  if (facts.isPinned)
    lines.push('  a device has access to its memory (VFIO): KSM can merge none of it');
  else if (facts.pinnedBytes > 0)
    lines.push(`  ${size(facts.pinnedBytes)} are pinned: KSM cannot merge them while they are`);
  if (facts.sharedUnknown > 0)
    lines.push(
      `  ${count(facts.sharedUnknown, 'page')} (${size(facts.sharedUnknown * pageSize)}) ` +
        'something else maps too: a fork, or KSM. To tell which takes CAP_SYS_ADMIN',
    );
  if (!facts.tellsKinds)
    lines.push('  huge pages and the zero page are not told from others: that takes CAP_SYS_ADMIN');
  return lines;
}

/** Where --node has its memory come from. */
function placeOf({ source }: Member, node: number | undefined): string[] {
  if (node === undefined) return [];
  const others = source.layout.regions.some((region) => region.node !== undefined);
  return [
    `  its memory comes from NUMA node ${node}` +
      (others ? ', but for what this host has on others than node 0' : ''),
  ];
}

/** Bytes of shared mappings, if most of the memory that is not of files is shared; else 0. */
function sharedRam({ leftOut }: ProcessSource, registeredBytes: number): number {
  const bytesOf = (reason: string): number =>
    leftOut.find((out) => out.reason === reason)?.bytes ?? 0;
  const shared = bytesOf('shared');
  return shared > registeredBytes + bytesOf('not advised') ? shared : 0;
}

/** Of all together: what this machine's own KSM has merged. */
function mergedBy(sources: readonly ProcessSource[]): string[] {
  const merged = sources.reduce((sum, { facts }) => sum + facts.mergedPages, 0);
  if (merged === 0) return [];
  const frames = new Set(sources.flatMap(({ facts }) => [...facts.mergedFrames]));
  const saved = figure(merged - frames.size);
  return [
    `${count(merged, 'page')} are merged by this host's KSM now (${saved} saved), and registered ` +
      'as if they were not; huge pages that it has split, and zeroes that were given back, stay so',
  ];
}

function pages(bytes: number, { pageSize }: ProcessSource): string {
  return `${count(bytes / pageSize, 'page')} (${size(bytes)})`;
}
