/** `ksmd capture`: a recording of processes and images, sweep by sweep. */
import { rm } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { defaultKeyPath, keyOf } from '../../../fingerprints/key.js';
import { capture } from '../../../recording/capture/capture.js';
import { RecordingWriter } from '../../../recording/recording-writer.js';
import { hostPageSize } from '../../../sources/host-page-size.js';
import { openImage } from '../../../sources/images/open-image.js';
import type { Source } from '../../../sources/source.js';
import { VERSION } from '../../../version.js';
import { count, size } from '../../../wording/amounts.js';
import type { ProcessOptions } from '../../process-options.js';
import { readPrices } from '../../read-prices.js';
import { selectionOf } from '../../selected-processes.js';
import { prose } from '../../terminal/rows.js';
import { shellWord } from '../../terminal/shell-word.js';
import type { Action } from '../../verb.js';
import { capturedProcesses } from './captured-processes.js';
import { FRAMES_UNTOLD } from './frames-untold.js';
import { SweepLine } from './sweep-line.js';
import { sweepLines } from './sweep-text.js';
import { untilInterrupted } from './until-interrupted.js';

/** The nicest there is. */
const NICE = 19;
/**
 * What a sweep makes besides what it keeps is needed no longer at once: V8's room for such things
 * stays as it is at the start, and does not grow to 32 MiB over the sweeps of a day.
 */
const NO_MORE_YOUNG = '--semi-space-growth-factor=1';

interface CaptureOptions extends ProcessOptions {
  readonly output: string;
  readonly image?: readonly string[];
  readonly interval: number;
  readonly duration: number;
  readonly sample: number;
  readonly key?: string;
  readonly host?: string;
  readonly prices?: string;
  readonly maxCpu: number;
  readonly softDirty?: true;
}

export const action: Action<[], CaptureOptions> = async (session, _values, options) => {
  const { output, image: paths = [], key = defaultKeyPath() } = options;
  const selection = selectionOf(options) === 'advised' ? 'advised' : 'all';
  const processes = capturedProcesses(options);
  if (processes === undefined && paths.length === 0)
    throw new InvalidArgumentError(
      'capture takes --pid, --qemu, --cgroup, --unit or --image, or several of them',
    );
  setPriority(NICE);
  setFlagsFromString(NO_MORE_YOUNG);
  const fingerprintKey = await keyOf(key);
  const calibration = options.prices === undefined ? undefined : await readPrices(options.prices);
  const images: { path: string; source: Source }[] = [];
  const writers: RecordingWriter[] = [];
  const line = new SweepLine();
  let tellsFrames = true;
  try {
    for (const path of paths) images.push({ path, source: await openImage(path) });
    await untilInterrupted(async (signal) => {
      const sweeps = capture({
        sink: (header) => {
          const writer = RecordingWriter.create(output, header);
          writers.push(writer);
          return writer;
        },
        writer: `ksmd ${VERSION}`,
        key: fingerprintKey,
        sample: options.sample,
        intervalMs: processes === undefined ? 0 : options.interval,
        durationMs: options.duration,
        selection,
        softDirty: options.softDirty === true,
        mostShare: options.maxCpu,
        host: options.host,
        calibration,
        processes: processes ?? (async () => []),
        images,
        signal,
        progress: (done) => line.draw(done),
      });
      for await (const report of sweeps) {
        line.clear();
        if (!report.tellsFrames) tellsFrames = false;
        if (session.json) session.printJson(report);
        else session.print(...sweepLines(report, hostPageSize(), process.stdout.columns));
      }
    });
  } finally {
    line.clear();
    for (const { source } of images) await source.close();
    // Without a sweep it is none, and in the way of the next try.
    if (writers[0]?.sweeps === 0) await rm(output, { force: true });
  }
  const [writer] = writers;
  if (writer === undefined || writer.sweeps === 0)
    throw new KsmdError('EINTR', 'interrupted before one sweep was whole: nothing is kept');
  if (!session.json) {
    const sentences = [
      ...(tellsFrames ? [] : [FRAMES_UNTOLD]),
      `${output}: ${count(writer.sweeps, 'sweep')}, ${size(writer.length)}. ` +
        `'ksmd estimate ${shellWord(output)}' says what merging could save.`,
    ];
    session.print(...prose(sentences, process.stdout.columns ?? Number.POSITIVE_INFINITY));
  }
  return undefined;
};
