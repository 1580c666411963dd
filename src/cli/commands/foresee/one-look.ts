/** A host as it is at one moment: of a recording its last sweep, or processes and images, now. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { FingerprintKey } from '../../../fingerprints/key.js';
import { capture } from '../../../recording/capture/capture.js';
import { RecordedHost } from '../../../recording/recorded-host.js';
import { Recording } from '../../../recording/recording.js';
import { openImage } from '../../../sources/images/open-image.js';
import { VERSION } from '../../../version.js';
import type { ProcessOptions } from '../../process-options.js';
import { capturedProcesses } from '../record/captured-processes.js';
import { SweepLine } from '../record/sweep-line.js';
import { untilInterrupted } from '../record/until-interrupted.js';
import { assertHasSweeps } from './whole-sweeps.js';

/** Of verbs that look once. */
export interface LookOptions extends ProcessOptions {
  readonly image?: readonly string[];
  readonly sample: number;
}

/** ENODATA if a recording has no sweep, EINTR if there was no time for one. */
export async function lastSweepOf(path: string): Promise<RecordedHost> {
  const recording = await Recording.open(path);
  try {
    assertHasSweeps(recording);
    return await recording.lastSweep();
  } finally {
    await recording.close();
  }
}

/** Whether the command line names processes or images. */
export function namesSources(options: LookOptions): boolean {
  return capturedProcesses(options) !== undefined || options.image !== undefined;
}

/** A recording has its own. */
export function assertNoSample({ sample }: LookOptions): void {
  if (sample !== 1)
    throw new InvalidArgumentError(
      '--sample is for processes and images: a recording has the one that it was captured with',
    );
}

/** As it is now. Fingerprints are compared with nothing else, so their key is nobody's. */
export async function lookAt(options: LookOptions): Promise<RecordedHost> {
  const processes = capturedProcesses(options);
  const { image: paths = [], sample } = options;
  if (!namesSources(options))
    throw new InvalidArgumentError(
      'name a recording, or processes and images: --pid, --qemu, --cgroup, --unit, --image',
    );
  const hosts: RecordedHost[] = [];
  const images: { path: string; source: Awaited<ReturnType<typeof openImage>> }[] = [];
  const line = new SweepLine();
  try {
    for (const path of paths) images.push({ path, source: await openImage(path) });
    await untilInterrupted(async (signal) => {
      const sweeps = capture({
        sink: (header) => {
          const host = new RecordedHost(header);
          hosts.push(host);
          return {
            write: (record) => host.apply(record),
            endSweep: (end) => host.apply({ type: 'end', ...end }),
            close: () => {},
          };
        },
        writer: `ksmd ${VERSION}`,
        key: FingerprintKey.random(),
        sample,
        intervalMs: 0,
        durationMs: 0,
        selection: 'all',
        mostShare: 1,
        processes: processes ?? (async () => []),
        images,
        signal,
        progress: (done) => line.draw(done),
      });
      for await (const _report of sweeps);
    });
  } finally {
    line.clear();
    for (const { source } of images) await source.close();
  }
  const [host] = hosts;
  if (host?.lastSweep === undefined) throw new KsmdError('EINTR', 'interrupted: nothing is known');
  return host;
}
