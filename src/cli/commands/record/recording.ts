/** `ksmd recording`: what is in one, whether it is whole, and parts of it. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { isKsmdError, KsmdError } from '../../../errors.js';
import { quoted } from '../../../printable.js';
import { csv } from '../../../recording/csv.js';
import { describe, type RecordingDescription } from '../../../recording/description.js';
import { cut, join } from '../../../recording/parts.js';
import { Recording } from '../../../recording/recording.js';
import { didYouMean } from '../../../similar.js';
import { count, duration, figure, percent, size } from '../../../wording/amounts.js';
import { fittedTable } from '../../terminal/fitted-table.js';
import { prose } from '../../terminal/rows.js';
import type { Action, Session } from '../../verb.js';
import { FRAMES_UNTOLD } from './frames-untold.js';

interface RecordingOptions {
  readonly check?: true;
  readonly csv?: true;
  readonly output?: string;
  readonly from?: number;
  readonly to?: number;
  readonly guest?: readonly string[];
}

export const action: Action<[readonly string[]], RecordingOptions> = async (
  session,
  [paths],
  options,
) => {
  const { check, csv: asCsv, output } = options;
  if ([check, asCsv, output].filter((way) => way !== undefined).length > 1)
    throw new InvalidArgumentError('one of --check, --csv and --output');
  const part = [options.from, options.to, options.guest].some((each) => each !== undefined);
  if (part && output === undefined)
    throw new InvalidArgumentError('--from, --to and --guest say what goes to --output');
  if (paths.length > 1 && (output === undefined || part))
    throw new InvalidArgumentError('several recordings are joined to one --output, whole');
  const recordings: Recording[] = [];
  try {
    for (const path of paths) recordings.push(await Recording.open(path));
    const [recording] = recordings;
    if (recording === undefined) throw new InvalidArgumentError('name a recording');
    if (output !== undefined) await writePart(session, recordings, output, options);
    else if (asCsv !== undefined) await writeCsv(recording);
    else if (check !== undefined) return checked(session, recording);
    else return await show(session, recording);
    return undefined;
  } finally {
    for (const recording of recordings) await recording.close();
  }
};

async function writePart(
  { json, print, printJson }: Session,
  recordings: readonly Recording[],
  output: string,
  { from = 0, to = Number.POSITIVE_INFINITY, guest }: RecordingOptions,
): Promise<void> {
  const [recording, ...others] = recordings;
  if (recording === undefined) return;
  const names = new Set<string>();
  const isWanted = (name: string): boolean => {
    names.add(name);
    return guest?.includes(name) ?? true;
  };
  const path = output;
  let isMade = false;
  try {
    const sweeps =
      others.length > 0
        ? await join(recordings, path)
        : await cut(recording, { fromMs: from, toMs: to, isWanted }, path);
    assertKnown(recording.path, guest ?? [], [...names]);
    isMade = true;
    if (json) printJson({ file: path, sweeps });
    else print(`${path}: ${count(sweeps, 'sweep')}`);
  } catch (error) {
    // What was there before stays; what this made is no recording.
    if (!isMade && !isExisting(error)) await rm(path, { force: true });
    // Where no sweep is left there are no names.
    if (isKsmdError(error, 'ENODATA') && names.size > 0)
      assertKnown(recording.path, guest ?? [], [...names]);
    throw error;
  }
}

/** ENOENT if no guest of a wanted name is there in that time. */
function assertKnown(path: string, wanted: readonly string[], names: readonly string[]): void {
  const missing = wanted.find((name) => !names.includes(name));
  if (missing === undefined) return;
  const meant = didYouMean(missing, names);
  throw new KsmdError(
    'ENOENT',
    `${quoted(path)} has no guest ${quoted(missing)} in that time${meant}`,
  );
}

function isExisting(error: unknown): boolean {
  return (error as { code?: string }).code === 'EEXIST';
}

/** A reader that is slow is waited for. */
async function writeCsv(recording: Recording): Promise<void> {
  for await (const lines of csv(recording))
    if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
}

/** 1 if it is not whole. */
function checked({ json, print, printJson }: Session, recording: Recording): number {
  const { path, sweeps, damage, bytes, wholeBytes } = recording;
  if (json) {
    const what = damage === undefined ? {} : { damage: damage.what };
    printJson({ file: path, sweeps, bytes, wholeBytes, ...what });
    return damage === undefined ? 0 : 1;
  }
  if (damage === undefined) {
    print(`${path}: whole, ${count(sweeps, 'sweep')}, ${size(bytes)}`);
    return 0;
  }
  const good = `${count(sweeps, 'sweep')} (${size(wholeBytes)}) can be read`;
  print(`${path}: ${damage.what}; ${good}`);
  return 1;
}

/** 1 if it is not whole, whatever can be read of it. */
async function show({ json, print, printJson }: Session, recording: Recording): Promise<number> {
  const description = await describe(recording);
  if (json) printJson(description);
  else print(...linesOf(description, process.stdout.columns));
  return description.damage === undefined ? 0 : 1;
}

function linesOf(description: RecordingDescription, columns = Number.POSITIVE_INFINITY): string[] {
  const { host, kernel, startedAt, sweeps, durationMs, fileBytes, keyId, sample } = description;
  const bytes = (pages: number): string => size(pages * description.pageSize);
  const present = description.guests.reduce((sum, { presentPages }) => sum + presentPages, 0);
  const share = percent(description.changedPages / Math.max(present, 1));
  const sentences = [
    `${host}, Linux ${kernel}, from ${startedAt}: ${count(sweeps, 'sweep')} in ` +
      `${duration(durationMs)}, ${size(fileBytes)}`,
    ...description.gaps.map(
      ({ afterMs, lengthMs }) =>
        `a gap: after ${duration(afterMs)} nobody looked for ${duration(lengthMs)}`,
    ),
    `${count(present, 'page')} (${bytes(present)}) in ` +
      `${count(description.guests.length, 'guest')}, of which ` +
      `${bytes(description.changedPages)} (${share}) change from sweep to sweep`,
    `key ${keyId}${sample === 1 ? '' : `, one content in ${figure(sample)}`}, written by ` +
      description.writer,
    ...(description.damage === undefined ? [] : [`not whole: ${description.damage}`]),
    ...(description.tellsFrames ? [] : [FRAMES_UNTOLD]),
  ];
  return [
    ...prose(sentences, columns),
    '',
    ...fittedTable(
      [
        { head: 'guest', of: ({ name }) => name, isName: true },
        { head: 'program', of: ({ comm }) => comm, goes: 3 },
        { head: 'present', of: ({ presentPages }) => bytes(presentPages) },
        { head: 'zeroes', of: ({ zeroPages }) => bytes(zeroPages), goes: 2 },
        { head: 'huge', of: ({ hugePages }) => figure(Math.round(hugePages)), goes: 1 },
        { head: 'restless', of: ({ restlessPages }) => bytes(restlessPages), goes: 4 },
        { head: 'shared', of: ({ sharedPages }) => bytes(sharedPages), goes: 5 },
        { head: 'merged', of: ({ mergedPages }) => bytes(mergedPages) },
      ],
      description.guests,
      columns,
    ),
  ];
}
