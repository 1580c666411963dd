/** `ksmd estimate`: what merging could save at most, on one screen. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { estimate } from '../../../estimate/estimate.js';
import { FingerprintKey } from '../../../fingerprints/key.js';
import { capture } from '../../../recording/capture/capture.js';
import { RecordedHost } from '../../../recording/recorded-host.js';
import { Recording } from '../../../recording/recording.js';
import { openImage } from '../../../sources/images/open-image.js';
import { VERSION } from '../../../version.js';
import type { ProcessOptions } from '../../process-options.js';
import { selectionOf } from '../../selected-processes.js';
import type { Action } from '../../verb.js';
import { capturedProcesses } from '../record/captured-processes.js';
import { SweepLine } from '../record/sweep-line.js';
import { untilInterrupted } from '../record/until-interrupted.js';
import { estimateScreen } from './estimate-screen.js';

interface EstimateOptions extends ProcessOptions {
  readonly image?: readonly string[];
  readonly sample: number;
  readonly maxPageSharing: number;
}

export const action: Action<[string | undefined], EstimateOptions> = async (
  { json, print, printJson },
  [path],
  options,
) => {
  const selection = selectionOf(options);
  const host = path === undefined ? await looked(options) : await recorded(path, options);
  const result = estimate(host, { selection, maxPageSharing: options.maxPageSharing });
  if (json) printJson(result);
  else print(...estimateScreen(result, host));
  return undefined;
};

/** As the last sweep has it. */
async function recorded(path: string, options: EstimateOptions): Promise<RecordedHost> {
  if (capturedProcesses(options) !== undefined || options.image !== undefined)
    throw new InvalidArgumentError('either a recording, or processes and images');
  const recording = await Recording.open(path);
  try {
    if (recording.sweeps === 0)
      throw new KsmdError('ENODATA', `${path} has no whole sweep: capture it for longer`);
    return await recording.lastSweep();
  } finally {
    await recording.close();
  }
}

/** As it is now. Fingerprints are compared with nothing else, so their key is nobody's. */
async function looked(options: EstimateOptions): Promise<RecordedHost> {
  const processes = capturedProcesses(options);
  const { image: paths = [], sample } = options;
  if (processes === undefined && paths.length === 0)
    throw new InvalidArgumentError(
      'estimate takes a recording, or --pid, --qemu, --cgroup, --unit or --image',
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
