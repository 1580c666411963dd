/**
 * Guests of a recording, as they were at its last whole sweep, at the same addresses. Those that a
 * fork had made of one another become guests that share as these did.
 */
import { KsmdError } from '../../../errors.js';
import { quoted } from '../../../printable.js';
import { GUEST_NUMBERS } from '../../../recording/capture/swept-process.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { RecordedFrames } from '../../../recording/recorded-frames.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { RecordedMemory } from '../../../recording/recorded-memory.js';
import { hasAdvised, hasAnyAdvised, isImage } from '../../../recording/recorded-pages.js';
import { Recording } from '../../../recording/recording.js';
import type { GuestFacts } from '../../../recording/records.js';
import type { Selection } from '../../../sources/process/process-memory.js';
import type { LeftOut } from '../../../sources/source.js';
import { count, figure, size } from '../../../wording/amounts.js';
import type { Session } from '../../verb.js';
import { assertHasSweep } from '../foresee/whole-sweeps.js';
import { assertDistinct } from './distinct-names.js';
import { memoryTable, type Taken } from './memory-table.js';
import { type Named, RecordedUpload } from './recorded-upload.js';
import { assertTakes } from './takes-recording.js';
import { beginGuest, endGuest } from './unfinished.js';

/** What of a guest's numbers is no memory that is left out. */
const RESIDENT = 'rss';
const NOT_ADVISED = 'not advised';
/** There is no later one: a recording may say so all the same. */
const LAST_DATE_MS = 8.64e15;

export interface RegisterRecordingOptions {
  readonly selection: Selection;
  /** The NUMA node of what the recording does not place. */
  readonly node: number | undefined;
  /** What guests are to be called; `guests`: how many there are. */
  nameOf(facts: GuestFacts, guests: number): string;
}

/**
 * All become guests, or none does. Where any had advised memory, and nothing is forced, those that
 * had not are left out. Resolves to those that were made. ENODATA if no sweep is whole; EINVAL if
 * the daemon holds other pages than the recording has.
 */
export async function registerRecording(
  { client, print }: Session,
  path: string,
  { selection, node, nameOf }: RegisterRecordingOptions,
): Promise<readonly Taken[]> {
  const { host, header, notes } = await lastSweepOf(path, (header) => assertTakes(client, header));
  const all = [...host.guests.values()];
  const isAdvised = selection === 'advised' || (selection === 'auto' && hasAnyAdvised(all));
  const names = all.map(({ facts }) => nameOf(facts, all.length));
  assertDistinct(names);
  // Registered twice, as other guests, they are to be equal in what is known of them.
  const frames = new RecordedFrames(host, names.join(' '));
  const members = all.map(
    (guest, at): Named => ({
      guest: names[at] ?? '',
      memory: new RecordedMemory(guest, isAdvised, frames),
    }),
  );
  const chosen = members.filter(({ memory }) => memory.tally.present > 0);
  if (chosen.length === 0) throw nothingToRegister(path, isAdvised);
  const { fingerprints } = await client.status();
  const upload = new RecordedUpload(client, frames, header, fingerprints?.oneIn === 1, node);
  const registered: Named[] = [];
  // Printed once all are there: until then they may all be taken back.
  const lines: string[] = [];
  try {
    for (const member of chosen) {
      const parent = upload.parentOf(member, registered);
      const said =
        parent === undefined
          ? await upload.registerAlone(member)
          : await upload.registerForked(member, parent);
      registered.push(member);
      // Not before all are there.
      beginGuest(client, member.guest);
      lines.push(...firstLine(member, header), ...said, ...factsOf(member, isAdvised));
    }
    const rows = chosen.map((member) => taken(member, header));
    print(...lines, ...memoryTable(rows));
    for (const { guest, memory } of members)
      if (memory.tally.present === 0) print(`${guest}: left out, as it has ${nothing(isAdvised)}`);
    print(...mergedBy(chosen), ...notes);
    return rows;
  } catch (error) {
    for (const { guest } of registered) await client.removeGuest(guest).catch(() => {});
    throw error;
  } finally {
    for (const { guest } of registered) endGuest(guest);
  }
}

interface LastSweep {
  readonly host: RecordedHost;
  readonly header: RecordingHeader;
  /** Lines for people. */
  readonly notes: readonly string[];
}

/** Read once it is known that it will be taken. */
async function lastSweepOf(
  path: string,
  check: (header: RecordingHeader) => Promise<void>,
): Promise<LastSweep> {
  const recording = await Recording.open(path);
  try {
    const { header, sweeps, damage } = recording;
    await check(header);
    assertHasSweep(recording);
    const host = await recording.lastSweep();
    const atMs = header.startedAtMs + (host.lastSweep?.startMs ?? 0);
    const at = new Date(Math.min(atMs, LAST_DATE_MS)).toISOString();
    const { keyId, sample } = header;
    const notes = [
      `  as ${header.host} was at ${at}, in sweep ${sweeps} of ${path}`,
      `  as fingerprints, by the key ${keyId}`,
    ];
    if (sample > 1) notes.push(`  1 page in ${figure(sample)} is held; of huge pages single ones`);
    if (damage !== undefined)
      notes.push(`  what comes after that sweep is left out: ${damage.what}`);
    return { host, header, notes };
  } finally {
    await recording.close();
  }
}

function nothingToRegister(path: string, isAdvised: boolean): KsmdError {
  return new KsmdError(
    'EINVAL',
    `no guest of ${quoted(path)} has anything but ${nothing(isAdvised)}`,
  );
}

function nothing(isAdvised: boolean): string {
  return isAdvised
    ? 'advised nothing that was present: --all takes the rest'
    : 'nothing that was present';
}

function firstLine({ guest, memory }: Named, { pageSize }: RecordingHeader): string[] {
  const { pid, comm } = memory.guest.facts;
  const { present } = memory.tally;
  return [
    `${guest}: ${count(present, 'page')} (${size(present * pageSize)}) of ` +
      `${pid === 0 ? comm : `process ${pid} (${comm})`} in ${count(memory.mappings, 'mapping')}`,
  ];
}

/** What somebody has to know who goes by the figures. */
function factsOf({ memory: { guest, tally } }: Named, isAdvised: boolean): string[] {
  const lines = [
    isAdvised
      ? '  as KSM saw it: what had been advised'
      : hasAdvised(guest) || isImage(guest.facts)
        ? '  as if prctl(PR_SET_MEMORY_MERGE) had been set'
        : '  as if prctl(PR_SET_MEMORY_MERGE) had been set: it had advised nothing',
  ];
  if (guest.facts.isPinned)
    lines.push('  a device had access to its memory (VFIO): KSM can merge none of it');
  if (tally.restless > 0)
    lines.push(
      `  of ${count(tally.restless, 'page')} it is not known what is in them, as they changed at ` +
        'each look: nothing is equal to them',
    );
  return lines;
}

/** A row of the table; what is left out the recording has as numbers of its guests. */
function taken({ guest, memory }: Named, { guestNumbers, pageSize }: RecordingHeader) {
  const { tally } = memory;
  const leftOut = new Map<string, number>();
  for (const [at, reason] of guestNumbers.entries())
    if (reason !== RESIDENT && GUEST_NUMBERS.includes(reason))
      leftOut.set(reason, memory.guest.numbers[at] ?? 0);
  const notAdvised = (leftOut.get(NOT_ADVISED) ?? 0) + tally.notAdvised * pageSize;
  leftOut.set(NOT_ADVISED, notAdvised);
  return {
    guest,
    source: {
      leftOut: [...leftOut]
        .filter(([, bytes]) => bytes > 0)
        .map(([reason, bytes]): LeftOut => ({ reason, bytes })),
      facts: { advisedBytes: tally.advised * pageSize },
    },
    registeredBytes: tally.present * pageSize,
  };
}

function mergedBy(members: readonly Named[]): string[] {
  const merged = members.reduce((sum, { memory }) => sum + memory.tally.merged, 0);
  if (merged === 0) return [];
  return [
    `${count(merged, 'page')} had been merged by the host's own KSM, and are registered as if ` +
      'they had not; huge pages that it had split, and zeroes that were given back, stay so',
  ];
}
