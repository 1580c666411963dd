/** Predictions as a table: a row a setting, and below it what the figures rest on. */
import { type Outcome, outcomeOf, type Run } from '../../../predict/outcome.js';
import type { Prices } from '../../../prices/prices.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { duration, percent, size, table } from '../../terminal/wording.js';

const HEAD = ['SETTINGS', 'SAVED', 'TO 50%', '90%', '99%', 'CPU', 'AT REST', 'BREAKS/S', 'HUGE'];

export function predictionScreen(
  runs: readonly Run[],
  header: RecordingHeader,
  prices: Prices,
  kernel: string,
): string[] {
  const { host, pageSize, sample } = header;
  const [first] = runs;
  if (first === undefined) return [];
  const { recordedSeconds, leftOut, advisedOnly, samples } = first.predicted;
  const seconds = samples.at(-1)?.t ?? 0;
  const recorded = recordedSeconds === 0 ? 'one look' : `${duration(recordedSeconds * 1000)} of it`;
  return [
    `${host}: ${duration(seconds * 1000)} of KSM, by a recording of ${recorded}`,
    '',
    ...table(
      HEAD,
      runs.map((run) => row(run, outcomeOf(run.predicted))),
    ),
    '',
    ...(seconds > recordedSeconds
      ? ['Where the recording ends it goes on as its latter half did.']
      : []),
    advisedOnly
      ? 'As KSM sees it now: what is advised mergeable.'
      : 'As if all private memory were advised mergeable.',
    kernelLine(header, kernel),
    ...sampleLines(sample),
    ...leftOutLines(leftOut.pinnedPages * pageSize, leftOut.notAdvisedPages * pageSize),
    `CPU is the kernel's scanner's, of one processor: first minute and at rest, as if on`,
    `${prices.measuredOn} ('ksmd calibrate' measures this machine).`,
  ];
}

function row({ settings }: Run, outcome: Outcome): string[] {
  const said = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const { hugePages, hugePagesAtFirst } = outcome;
  return [
    said.length === 0 ? "the kernel's own" : said.join(' '),
    savedText(outcome),
    ...outcome.secondsTo.map(({ seconds }) =>
      outcome.freedBytes + outcome.splitZeroBytes === 0 ? '-' : duration(seconds * 1000),
    ),
    percent(outcome.cpuAtFirst),
    percent(outcome.cpuAtRest),
    outcome.breaksASecond.toFixed(1),
    hugePagesAtFirst === 0 ? '-' : `${hugePages} of ${hugePagesAtFirst}`,
  ];
}

/** In the end. */
export function savedText({ freedBytes, splitZeroBytes, errorBytes }: Outcome): string {
  const about = errorBytes === 0 ? '' : ` ± ${size(errorBytes)}`;
  return `${size(freedBytes + splitZeroBytes)}${about}`;
}

function leftOutLines(pinnedBytes: number, notAdvisedBytes: number): string[] {
  return [
    ...(pinnedBytes === 0 ? [] : [`Left out: ${size(pinnedBytes)} that a device may write to.`]),
    ...(notAdvisedBytes === 0 ? [] : [`Left out: ${size(notAdvisedBytes)} that is not advised.`]),
  ];
}

/** What figures of a sample are. */
export function sampleLines(sample: number): string[] {
  return sample === 1
    ? []
    : [
        `About, from one content in ${sample}, and 95 times in 100 within ±: huge pages, and ` +
          'what their splits give back, left out.',
      ];
}

/** Whose steps were followed, and where they were not. */
export function kernelLine({ kernel: recordedOn }: RecordingHeader, kernel: string): string {
  return `As Linux ${kernel} does it; the recording is of ${recordedOn}.`;
}
