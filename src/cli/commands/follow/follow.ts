/**
 * `ksmd follow`: a daemon's guests in step with processes, or with a recording that is played. What
 * a sweep tells goes to the daemon once the sweep is over.
 */
import { setPriority } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { defaultKeyPath, keyOf } from '../../../fingerprints/key.js';
import { printable } from '../../../printable.js';
import type { Status } from '../../../protocol/routes/status.js';
import { capture, type SweepReport } from '../../../recording/capture/capture.js';
import { HOST_CLOCK } from '../../../recording/capture/pace.js';
import { Recording } from '../../../recording/recording.js';
import { hostPageSize } from '../../../sources/host-page-size.js';
import { PageTable } from '../../../sources/process/page-table.js';
import { filledIn } from '../../../sources/process/selection.js';
import { VERSION } from '../../../version.js';
import { count, figure } from '../../../wording/amounts.js';
import type { ProcessOptions } from '../../process-options.js';
import { selectionOf } from '../../selected-processes.js';
import { assertWritten } from '../../terminal/lost-output.js';
import { indented } from '../../terminal/rows.js';
import type { Action, Session } from '../../verb.js';
import { assertHasSweep } from '../foresee/whole-sweeps.js';
import { assertTakes } from '../guests/takes-recording.js';
import { capturedProcesses } from '../record/captured-processes.js';
import { SweepLine } from '../record/sweep-line.js';
import { untilInterrupted } from '../record/until-interrupted.js';
import { Following } from './following.js';
import { notTold, type Telling } from './not-told.js';
import { playedSweeps } from './played-sweeps.js';

/** The nicest there is. */
const NICE = 19;

interface FollowOptions extends ProcessOptions {
  readonly interval: number;
  readonly key?: string;
  readonly maxCpu: number;
  readonly softDirty?: true;
  readonly recording?: string;
  readonly speed?: number;
  readonly keep?: true;
}

export const action: Action<[string | undefined], FollowOptions> = async (
  session,
  [guest],
  options,
) => {
  const { recording, speed, key, name } = options;
  const processes = capturedProcesses({ ...options, ...patternOf(guest, options) });
  if ((processes === undefined) === (recording === undefined))
    throw new InvalidArgumentError(
      'follow takes --pid, --qemu, --cgroup or --unit, or several of them, or --recording',
    );
  if (guest !== undefined && name !== undefined)
    throw new InvalidArgumentError('either a name or --name, a pattern');
  if (recording === undefined && speed !== undefined)
    throw new InvalidArgumentError('--speed goes with --recording');
  if (recording !== undefined && key !== undefined)
    throw new InvalidArgumentError('a recording has fingerprints already: it takes no --key');
  if (recording !== undefined) await followRecording(session, recording, guest, options);
  else if (processes !== undefined) await followProcesses(session, processes, options);
  return undefined;
};

async function followProcesses(
  session: Session,
  processes: NonNullable<ReturnType<typeof capturedProcesses>>,
  options: FollowOptions,
): Promise<void> {
  const { qemu, cgroup, unit, key: keyPath = defaultKeyPath() } = options;
  const selection = selectionOf(options);
  const status = await session.client.status();
  const key = await keyOf(keyPath);
  const { sample } = assertFollows(status, key.id, keyPath);
  setPriority(NICE);
  const { columns = Number.POSITIVE_INFINITY } = process.stdout;
  const notes = [
    ...indented(`as fingerprints, by the key ${key.id} in ${printable(keyPath)}`, columns),
    ...notTold(await tellingOf(status.pageSize), columns),
  ];
  const following = new Following(session, status.pid, selection, notes);
  const line = new SweepLine();
  const sweeps = (signal: AbortSignal): AsyncGenerator<SweepReport> =>
    capture({
      sink: (header) => following.begin(header, ({ name }) => name),
      writer: `ksmd ${VERSION}`,
      key,
      sample,
      intervalMs: options.interval,
      durationMs: Number.POSITIVE_INFINITY,
      selection: selection === 'advised' ? 'advised' : 'all',
      softDirty: options.softDirty === true,
      mostShare: options.maxCpu,
      processes,
      images: [],
      signal,
      progress: (done) => line.draw(done),
    });
  // Who is named by number does not come again.
  const mayCome = [qemu, cgroup, unit].some((each) => each !== undefined);
  try {
    await run(following, options, sweeps, ({ guests }) => {
      line.clear();
      return guests === 0 && !mayCome;
    });
  } finally {
    line.clear();
  }
}

async function followRecording(
  session: Session,
  path: string,
  guest: string | undefined,
  options: FollowOptions,
): Promise<void> {
  const { speed = 1, name = '{name}' } = options;
  const recording = await Recording.open(path);
  try {
    const { header, sweeps, damage } = recording;
    await assertTakes(session.client, header);
    assertHasSweep(recording);
    const { pid } = await session.client.status();
    const at = new Date(header.startedAtMs).toISOString();
    const following = new Following(session, pid, selectionOf(options), [
      `  as ${header.host} was from ${at} on, ${count(sweeps, 'sweep')} of ${printable(path)}` +
        (speed === 1 ? '' : `, ${figure(speed)} times as fast`),
      `  as fingerprints, by the key ${header.keyId}`,
      ...(damage === undefined ? [] : [`  what comes after them is left out: ${damage.what}`]),
    ]);
    const host = following.begin(header, (facts) =>
      // Images have no numbers.
      guest === undefined
        ? filledIn(name, facts)
        : filledIn(`${guest}-${facts.pid === 0 ? '{name}' : '{pid}'}`, facts),
    );
    await run(
      following,
      options,
      (signal) => playedSweeps(recording, host, { speed, clock: HOST_CLOCK, signal }),
      () => false,
    );
  } finally {
    await recording.close();
  }
}

/** Until the sweeps are over, one says so, a signal comes, or nobody takes what is said. */
async function run(
  following: Following,
  { keep = false }: { readonly keep?: boolean },
  sweeps: (signal: AbortSignal) => AsyncGenerator<SweepReport>,
  isLast: (report: SweepReport) => boolean,
): Promise<void> {
  // To the end: who stops reading is not to stop the guests from being taken away.
  await untilInterrupted(async (signal) => {
    try {
      await bringUpToEach(sweeps(signal));
      await assertWritten();
      if (following.sweeps === 0)
        throw new KsmdError('EINTR', 'interrupted before one sweep was whole: no guest is left');
      await following.end(keep);
    } catch (error) {
      await following.giveUp();
      throw error;
    }

    async function bringUpToEach(reports: AsyncGenerator<SweepReport>): Promise<void> {
      try {
        for await (const report of reports) {
          const isOver = isLast(report);
          // What is kept is to be as a whole sweep has it.
          await following.bringUp(report, keep ? undefined : signal);
          if (isOver) return;
        }
      } catch (error) {
        if (!signal.aborted || error !== signal.reason) throw error;
      }
    }
  });
}

/** One process is called as it is said, several with their numbers. */
function patternOf(
  guest: string | undefined,
  { pid = [], qemu, cgroup, unit }: FollowOptions,
): Pick<ProcessOptions, 'name'> {
  if (guest === undefined) return {};
  const isOne = pid.length === 1 && [qemu, cgroup, unit].every((each) => each === undefined);
  return { name: isOne ? guest : `${guest}-{pid}` };
}

/** EINVAL, and what to do, if what is followed cannot be told to the daemon. */
function assertFollows(
  { fingerprints, pageSize }: Status,
  keyId: string,
  keyPath: string,
): { readonly sample: number } {
  if (fingerprints === undefined)
    throw new KsmdError(
      'EINVAL',
      'the daemon holds bytes of pages, and what is followed is told by fingerprints: ' +
        "'ksmd start --fingerprints' starts one that takes it",
    );
  if (pageSize !== hostPageSize())
    throw new KsmdError(
      'EINVAL',
      `the daemon's pages are of ${pageSize} bytes, and this machine's of ${hostPageSize()}`,
    );
  if (fingerprints.keyId !== undefined && fingerprints.keyId !== keyId)
    throw new KsmdError(
      'EINVAL',
      `the daemon's pages are known by the key ${fingerprints.keyId}, and ${keyPath} has ` +
        `${keyId}: none would be equal. --key FILE takes another`,
    );
  return { sample: fingerprints.oneIn };
}

async function tellingOf(pageSize: number): Promise<Telling> {
  const table = await PageTable.open('/proc/self/pagemap', pageSize);
  const { tellsFrames, tellsKinds } = table;
  await table.close();
  return { tellsFrames, tellsKinds };
}
