/** A part of a recording, and several in a row, as a recording of their own. */
import { KsmdError } from '../errors.js';
import { quoted } from '../printable.js';
import type { RecordingHeader } from './format.js';
import { HostWriter } from './host-writer.js';
import { RecordedHost } from './recorded-host.js';
import type { Recording } from './recording.js';
import { RecordingWriter } from './recording-writer.js';
import type { PrefixesRecord, UnsampledChangesRecord } from './records.js';

export interface Part {
  /** Milliseconds since the recording's start: sweeps that begin within. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether a guest of that name is in it. */
  isWanted(name: string): boolean;
}

/**
 * How many sweeps it has. It begins with the first of them. ENODATA if none begins then; EEXIST as
 * RecordingWriter has it.
 */
export async function cut(recording: Recording, part: Part, output: string): Promise<number> {
  const { header, sweepStartsMs } = recording;
  const beginMs = sweepStartsMs.find((startMs) => isWithin(part, startMs)) ?? 0;
  const startedAtMs = header.startedAtMs + beginMs;
  const writer = RecordingWriter.create(output, { ...header, startedAtMs });
  const hosts = new HostWriter(writer, part.isWanted);
  try {
    await append(recording, hosts, part, -beginMs);
  } finally {
    writer.close();
  }
  if (writer.sweeps === 0)
    throw new KsmdError('ENODATA', `no sweep of ${quoted(recording.path)} begins in that time`);
  if (hosts.guests === 0)
    throw new KsmdError('ENODATA', `${quoted(recording.path)} has no guest of these names then`);
  return writer.sweeps;
}

/**
 * Recordings of one host, in order of time; a process that is in several is one guest. EINVAL if
 * they are not of one kind, or two are of the same time.
 */
export async function join(recordings: readonly Recording[], output: string): Promise<number> {
  const [first, ...others] = [...recordings].sort(
    (a, b) => a.header.startedAtMs - b.header.startedAtMs,
  );
  if (first === undefined) throw new KsmdError('EINVAL', 'there is no recording to be joined');
  for (const other of others) assertJoins(first, other);
  const writer = RecordingWriter.create(output, first.header);
  const hosts = new HostWriter(writer);
  const all: Part = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, isWanted: () => true };
  try {
    let endMs = Number.NEGATIVE_INFINITY;
    for (const recording of [first, ...others]) {
      const offsetMs = recording.header.startedAtMs - first.header.startedAtMs;
      endMs = await append(recording, hosts, all, offsetMs, endMs);
    }
  } finally {
    writer.close();
  }
  return writer.sweeps;
}

function isWithin({ fromMs, toMs }: Part, startMs: number): boolean {
  return startMs >= fromMs && startMs <= toMs;
}

/** When its last sweep began. EINVAL if one began before that of the recording before. */
async function append(
  recording: Recording,
  hosts: HostWriter,
  part: Part,
  offsetMs = 0,
  beforeMs = Number.NEGATIVE_INFINITY,
): Promise<number> {
  const host = new RecordedHost(recording.header);
  let lastMs = beforeMs;
  const passing: (PrefixesRecord | UnsampledChangesRecord)[] = [];
  for await (const record of recording.records()) {
    if (record.type !== 'end') {
      host.apply(record);
      if (record.type === 'prefixes' || record.type === 'unsampled-changes') passing.push(record);
      continue;
    }
    const passed = passing.splice(0);
    if (!isWithin(part, record.startMs)) continue;
    const startMs = offsetMs + record.startMs;
    if (startMs <= beforeMs)
      throw new KsmdError(
        'EINVAL',
        `${quoted(recording.path)} begins before the one before it ends: they overlap`,
      );
    lastMs = startMs;
    hosts.endSweep(host, { ...record, startMs }, passed);
  }
  return lastMs;
}

/** What has to be the same, for one header to be true of both. */
const OF_ONE_KIND = [
  'host',
  'pageSize',
  'keyId',
  'sample',
  'hostNumbers',
  'guestNumbers',
] as const satisfies readonly (keyof RecordingHeader)[];

function assertJoins(first: Recording, other: Recording): void {
  for (const field of OF_ONE_KIND)
    if (JSON.stringify(first.header[field]) !== JSON.stringify(other.header[field]))
      throw new KsmdError(
        'EINVAL',
        `${quoted(first.path)} and ${quoted(other.path)} cannot be joined: ${field} differs`,
      );
}
