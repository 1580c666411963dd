/** Live programs, captured while KSM is off, predicted, and then in the hands of the kernel's. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Predicted, predict } from '../../src/predict/prediction.js';
import type { KernelKsm } from '../../src/prices/calibration/kernel-ksm.js';
import type { Prices } from '../../src/prices/prices.js';
import { Recording } from '../../src/recording/recording.js';
import { KSMD } from '../recordings/capturing.js';
import { CURVES_FILE, type Run } from './curves.js';
import { fileOf, type Trial } from './groups.js';
import type { Programs } from './programs.js';
import { sharedFrames, watch } from './watch.js';

const SAMPLE_MS = 100;
const INTERVAL = '3s';

export interface Times {
  readonly capturedSeconds: number;
  readonly kernelSeconds: number;
  /** Of the kernel. */
  readonly runs: number;
}

export interface TrialOptions extends Times {
  readonly kernel: KernelKsm;
  readonly prices: Prices;
  /** Started, and have not come to rest yet. */
  readonly programs: Programs;
  /** For the recording. */
  readonly folder: string;
  /** Called with what comes next. */
  readonly progress: (what: string) => void;
}

export interface Outcome {
  readonly recording: Recording;
  readonly predicted: Predicted;
  readonly prediction: Run;
  readonly runs: readonly Run[];
}

/** How long it takes, in seconds, but for the prediction. */
export function lengthOf(
  { settlingSeconds }: Trial,
  { capturedSeconds, kernelSeconds, runs }: Times,
): number {
  return settlingSeconds + capturedSeconds + runs * kernelSeconds;
}

export async function carryOut(trial: Trial, options: TrialOptions): Promise<Outcome> {
  const { kernel, programs, progress, capturedSeconds, kernelSeconds } = options;
  const tunables = [
    ['pages_to_scan', String(trial.pagesToScan)],
    ['smart_scan', String(trial.smartScan)],
  ] as const;
  progress(`programs come to rest, ${trial.settlingSeconds} s`);
  await sleep(trial.settlingSeconds * 1000);
  const pids = programs.pids();
  progress(`${pids.length} processes are captured, ${capturedSeconds} s`);
  const path = join(options.folder, 'captured.rec');
  execFileSync(process.execPath, [
    ...[KSMD, 'capture', '--output', path, '--key', join(options.folder, 'key')],
    ...['--interval', INTERVAL, '--duration', `${capturedSeconds}s`],
    ...pids.flatMap((pid) => ['--pid', String(pid)]),
  ]);
  const before = sharedFrames(pids);
  const runs: Run[] = [];
  for (let run = 1; run <= options.runs; run++) {
    progress(`the kernel's KSM, run ${run} of ${options.runs}, ${kernelSeconds} s`);
    kernel.reset();
    for (const [name, value] of tunables) kernel.write(name, value);
    const curve = await watch(kernel, pids, kernelSeconds, SAMPLE_MS);
    runs.push({ curve, freedFrames: sharedFrames(pids) - before });
  }
  kernel.reset();
  progress('the prediction');
  return { ...(await predictedOf(path, trial, options.prices, kernelSeconds)), runs };
}

/** The same recording and what the kernel did then, out of the folder of an accuracy before. */
export async function predictedAgain(
  trial: Trial,
  folder: string,
  prices: Prices,
): Promise<Outcome> {
  const lines = readFileSync(join(folder, CURVES_FILE), 'utf8').trim().split('\n');
  const kept = lines
    .map((line) => JSON.parse(line) as Trial & { readonly runs: readonly Run[] })
    .find((each) => fileOf(each) === fileOf(trial));
  if (kept === undefined) throw new Error(`${folder} has no ${fileOf(trial)}`);
  const path = join(folder, `${fileOf(trial)}.rec`);
  const seconds = Math.round(kept.runs[0]?.curve.at(-1)?.seconds ?? 0);
  return { ...(await predictedOf(path, trial, prices, seconds)), runs: kept.runs };
}

async function predictedOf(
  path: string,
  { pagesToScan, smartScan }: Trial,
  prices: Prices,
  seconds: number,
): Promise<Omit<Outcome, 'runs'>> {
  const recording = await Recording.open(path);
  const predicted = await predict(recording, {
    prices,
    kernel: '6.18',
    set: [
      ['pages_to_scan', pagesToScan],
      ['smart_scan', smartScan],
    ],
    seconds,
    everySeconds: SAMPLE_MS / 1000,
  });
  await recording.close();
  return { recording, predicted, prediction: runOf(predicted, recording.header.pageSize) };
}

function runOf({ samples }: Predicted, pageSize: number): Run {
  const curve = samples.map(({ t, counters, huge_pages, kernel_cpu_seconds }) => ({
    seconds: t,
    shared: counters.pages_shared ?? 0,
    sharing: counters.pages_sharing ?? 0,
    visits: counters.pages_scanned ?? 0,
    skips: counters.pages_skipped ?? 0,
    unshared: counters.pages_unshared ?? 0,
    hugePages: huge_pages,
    cpuSeconds: kernel_cpu_seconds,
  }));
  return { curve, freedFrames: (samples.at(-1)?.freed_bytes ?? 0) / pageSize };
}
