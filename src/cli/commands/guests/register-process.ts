/**
 * Guests with the memory of live processes, at the same addresses. Those that a fork has made of
 * one another become guests that share as these do.
 */
import type { Client } from '../../../client/client.js';
import { isKsmdError, KsmdError } from '../../../errors.js';
import {
  differenceOf,
  type FamilyDifference,
  type Range,
  sharedFrames,
  sharedPages,
} from '../../../sources/process/family.js';
import { ProcessSource, type Selection } from '../../../sources/process/process-source.js';
import type { LeftOut } from '../../../sources/source.js';
import { Progress } from '../../terminal/progress.js';
import { count, size } from '../../terminal/wording.js';
import type { Session } from '../../verb.js';
import { registerSource } from './register-source.js';
import { beginGuest, endGuest } from './unfinished.js';

export interface NewGuest {
  readonly guest: string;
  readonly pid: number;
}

/** A process that has become a guest. */
interface Member {
  readonly guest: string;
  readonly source: ProcessSource;
  readonly frames: ReadonlyMap<number, number>;
}

/**
 * All become guests, or none does. `node`: the NUMA node of what the kernel does not place.
 */
export async function registerProcesses(
  { client, print }: Session,
  wanted: readonly NewGuest[],
  selection: Selection,
  node: number | undefined,
): Promise<void> {
  const sources: ProcessSource[] = [];
  const members: Member[] = [];
  try {
    for (const { guest, pid } of wanted) {
      const source = await ProcessSource.open(pid, selection);
      sources.push(source);
      if (source.totalBytes === 0)
        throw new KsmdError('EINVAL', `process ${pid} has ${nothing(source)}`);
      const member = { guest, source, frames: sharedFrames(source.layout, source.pageSize) };
      const parent = parentOf(member, members);
      const said =
        parent === undefined
          ? await registerAlone(client, member, node)
          : await registerForked(client, member, parent);
      members.push(member);
      // Not before all are there.
      beginGuest(client, guest);
      print(...said, ...(await flagOf(client, member)), ...factsOf(source));
    }
    print(...mergedBy(sources));
  } catch (error) {
    for (const { guest } of members) await client.removeGuest(guest).catch(() => {});
    throw error;
  } finally {
    for (const { guest } of members) endGuest(guest);
    for (const source of sources) await source.close();
  }
}

function nothing({ facts }: ProcessSource): string {
  return facts.isAdvised
    ? 'advised nothing that is present: --all takes the rest'
    : 'no private memory that is present';
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
  { guest, source }: Member,
  node: number | undefined,
): Promise<string[]> {
  const { presentBytes } = await registerSource(client, guest, source, { node });
  return [
    `${guest}: ${pages(presentBytes, source)} of process ${source.pid} in ` +
      `${count(source.layout.mappings, 'mapping')}`,
  ];
}

async function registerForked(client: Client, member: Member, parent: Member): Promise<string[]> {
  const { guest, source } = member;
  const difference = differenceOf(parent.source.layout, source.layout, source.pageSize);
  await client.fork(parent.guest, guest);
  beginGuest(client, guest);
  try {
    await applyDifference(client, member, difference);
  } catch (error) {
    await client.removeGuest(guest).catch(() => {});
    throw error;
  } finally {
    endGuest(guest);
  }
  const shared = difference.sharedPages * source.pageSize;
  return [
    `${guest}: ${pages(source.totalBytes, source)} of process ${source.pid} in ` +
      `${count(source.layout.mappings, 'mapping')}`,
    `  ${pages(shared, source)} are the same as ${parent.guest}'s since a fork`,
  ];
}

async function applyDifference(
  client: Client,
  { guest, source }: Member,
  { regions, added }: FamilyDifference,
): Promise<void> {
  const progress = new Progress(guest, source.totalBytes);
  const store = async ({ start, end }: Range): Promise<void> => {
    for await (const { address, bytes } of source.runs(start, end)) {
      await client.store(guest, address, bytes);
      progress.add(bytes.length);
    }
  };
  const { pageSize } = await client.status();
  try {
    for (const { region, isGone, dropped, changed } of regions) {
      if (isGone) {
        await client.unmap(guest, region.toString(16));
        continue;
      }
      for (const { start, end } of dropped)
        await client.madvise(guest, 'dontneed', { address: start, length: end - start });
      for (const range of changed) await store(range);
    }
    for (const { start, end, huge } of added) {
      await client.map(guest, start.toString(16), {
        pages: (end - start) / pageSize,
        address: start,
        huge,
      });
      await store({ start, end });
    }
  } finally {
    progress.end();
  }
}

/** As the process has it; a kernel that does not know PR_SET_MEMORY_MERGE goes without. */
async function flagOf(client: Client, { guest, source }: Member): Promise<string[]> {
  if (!source.mergesAny) return [];
  try {
    await client.prctl(guest, true);
    return [];
  } catch (error) {
    if (!isKsmdError(error, 'EINVAL')) throw error;
    return [`  left out: that all it maps is mergeable (${error.message})`];
  }
}

/** What somebody has to know who goes by the figures. */
function factsOf(source: ProcessSource): string[] {
  const { facts, leftOut, pageSize } = source;
  const lines = [
    facts.isAdvised
      ? '  as KSM sees it now: what the process has advised'
      : facts.hasAdvised
        ? '  as if prctl(PR_SET_MEMORY_MERGE) were set'
        : '  as if prctl(PR_SET_MEMORY_MERGE) were set: it has advised nothing',
  ];
  if (leftOut.length > 0) lines.push(`  left out: ${leftOut.map(reasonOf).join(', ')}`);
  if (facts.isPinned)
    lines.push('  a device has access to its memory (VFIO): KSM can merge none of it');
  if (facts.sharedUnknown > 0)
    lines.push(
      `  ${count(facts.sharedUnknown, 'page')} (${size(facts.sharedUnknown * pageSize)}) ` +
        'something else maps too: a fork, or KSM. Which of both takes CAP_SYS_ADMIN to tell',
    );
  if (!facts.tellsKinds)
    lines.push('  huge pages and the zero page are not told from others: that takes CAP_SYS_ADMIN');
  return lines;
}

function reasonOf({ reason, bytes }: LeftOut): string {
  return `${size(bytes)} ${reason}`;
}

/** Of all together: what this machine's own KSM has merged. */
function mergedBy(sources: readonly ProcessSource[]): string[] {
  const merged = sources.reduce((sum, { facts }) => sum + facts.mergedPages, 0);
  if (merged === 0) return [];
  const frames = new Set(sources.flatMap(({ facts }) => [...facts.mergedFrames]));
  const saved = (merged - frames.size).toLocaleString('en');
  return [
    `${count(merged, 'page')} are merged by this host's KSM now (${saved} saved), and registered ` +
      'as if they were not; huge pages that it has split, and zeroes that were given back, stay so',
  ];
}

function pages(bytes: number, { pageSize }: ProcessSource): string {
  return `${count(bytes / pageSize, 'page')} (${size(bytes)})`;
}
