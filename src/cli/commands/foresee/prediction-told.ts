/**
 * What is told of predictions, on a terminal and on a page alike: figures for each setting, what
 * they rest on, and what was left out. Where a sentence has a line end the terminal ends its line.
 */
import { type Outcome, outcomeOf, type Run } from '../../../predict/outcome.js';
import { leastSeconds } from '../../../predict/policy.js';
import type { Predicted } from '../../../predict/prediction.js';
import { areDefault } from '../../../prices/default-prices.js';
import type { Prices } from '../../../prices/prices.js';
import { printable } from '../../../printable.js';
import type { RecordingHeader } from '../../../recording/format.js';
import { duration, figure, percent, rate, size } from '../../../wording/amounts.js';
import type { KernelChoice } from '../../kernel-choice.js';
import { splitSentences } from './split-told.js';
import { whatCounts } from './what-counts.js';

/** What was predicted, and from what. */
export interface Told {
  /** One at least. */
  readonly runs: readonly Run[];
  readonly header: RecordingHeader;
  /** Of the recording. */
  readonly sweeps: number;
  readonly prices: Prices;
  readonly kernel: KernelChoice;
  /** All runs are so long, if the recording is shorter; 0 where their length was asked for. */
  readonly atLeastSeconds: number;
}

/** Of each figure: a column's head on a terminal, and in words. */
export const FIGURES = [
  { head: 'SAVED', words: 'Saved in the end' },
  { head: 'TO 50%', words: 'Half of it after' },
  { head: '90%', words: 'Nine tenths after' },
  { head: '99%', words: '99 % after' },
  { head: 'CPU', words: 'CPU at first' },
  { head: 'AT REST', words: 'CPU at rest' },
  { head: 'BREAKS/S', words: 'Breaks a second' },
  { head: 'HUGE LEFT', words: 'Huge pages left' },
] as const;

/** A run's, in this order. */
export function figuresOf({ predicted }: Run): string[] {
  const outcome = outcomeOf(predicted);
  const { hugePages, hugePagesAtFirst } = outcome;
  return [
    savedText(outcome),
    ...outcome.secondsTo.map(({ seconds }) =>
      outcome.freedBytes + outcome.splitZeroBytes === 0 ? '-' : duration(seconds * 1000),
    ),
    percent(outcome.cpuAtFirst),
    percent(outcome.cpuAtRest),
    rate(outcome.breaksASecond),
    hugePagesAtFirst === 0 ? '-' : `${figure(hugePages)} of ${figure(hugePagesAtFirst)}`,
  ];
}

/** In the end. */
export function savedText({ freedBytes, splitZeroBytes, errorBytes }: Outcome): string {
  const about = errorBytes === 0 ? '' : ` ± ${size(errorBytes)}`;
  return `${size(freedBytes + splitZeroBytes)}${about}`;
}

export function settingsLabel(settings: Run['settings']): string {
  const said = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return said.length === 0 ? "the kernel's own" : said.join(' ');
}

/** What was predicted, and by how much of a recording. */
export function headline({ runs, header }: Told): string {
  const { seconds, recordedSeconds } = lengthsOf(runs);
  const recorded = recordedSeconds === 0 ? 'one look' : `${duration(recordedSeconds * 1000)} of it`;
  return `${header.host}: ${duration(seconds * 1000)} of KSM, by a recording of ${recorded}`;
}

/** What the figures rest on. */
export function basisSentences({ runs, header, kernel, atLeastSeconds }: Told): string[] {
  return [
    ...runs
      .slice(0, 1)
      .flatMap(({ predicted }) => [
        ...lengthSentences(predicted, atLeastSeconds),
        ...beyondSentences(predicted),
        whatCounts(predicted),
      ]),
    ...(runs.some(({ settings: { tenants } }) => tenants === 'apart')
      ? [
          'tenants=apart: a guest merges only within its domain, its tenant, which no real\n' +
            'kernel can have it do; tenants would need hosts, or NUMA nodes, of their own.',
        ]
      : []),
    ...idlePolicies(runs).map(
      (policy) =>
        `policy=${policy} never switches KSM on: as much memory as it wants is free on this host.`,
    ),
    ...kernelSentences(header, kernel),
    ...splitSentences(runs.map(({ predicted }) => outcomeOf(predicted))),
  ];
}

/** Why runs are longer than the recording and than a minute, where nobody asked for it. */
function lengthSentences({ recordedSeconds }: Predicted, atLeastSeconds: number): string[] {
  if (atLeastSeconds <= Math.max(recordedSeconds, leastSeconds(undefined))) return [];
  const long = duration(atLeastSeconds * 1000);
  return [`All runs take ${long}, so that a policy looks ten times; --for says otherwise.`];
}

/** What was played after the recording's end, if anything was. */
export function beyondSentences({
  samples,
  recordedSeconds,
  forgottenPages,
}: Predicted): readonly string[] {
  if ((samples.at(-1)?.t ?? 0) <= recordedSeconds) return [];
  if (recordedSeconds === 0) return ['It is of one look: as if nothing changed after it.'];
  return [
    'Where the recording ends it goes on as its latter half did.',
    ...(forgottenPages === 0
      ? []
      : [
          `But for ${figure(forgottenPages)} changes of pages, which are too many to be kept: ` +
            'they do not come again, and more is saved than would be.',
        ]),
  ];
}

/** Those that go by the host's memory, and have seen no need. */
function idlePolicies(runs: readonly Run[]): string[] {
  const idle = runs.flatMap(({ settings: { policy }, predicted: { samples } }) =>
    policy === undefined || samples.at(-1)?.counters.pages_scanned !== 0 ? [] : [policy],
  );
  return [...new Set(idle)];
}

/** What is not in the figures; nothing, if all of it is. */
export function leftOutSentences({ runs, header: { pageSize, sample } }: Told): string[] {
  const { pinnedPages = 0, notAdvisedPages = 0 } = runs[0]?.predicted.leftOut ?? {};
  const left = (pages: number, why: string): string[] =>
    pages === 0 ? [] : [`Left out: ${size(pages * pageSize)} ${why}.`];
  return [
    ...sampleSentences(sample),
    ...left(pinnedPages, 'that a device may write to'),
    ...left(notAdvisedPages, 'that is not advised'),
  ];
}

export function priceSentence({ prices, header: { host } }: Told): string {
  return (
    "CPU is the kernel's scanner's, of one processor: first minute and at rest.\n" +
    `${priceBasis(prices, host)}.`
  );
}

/** What it costs those that are merged. */
export function guestSentence({ runs }: Told): string {
  const paid = runs.map(({ predicted }) => predicted.samples.at(-1)?.guest_cpu_seconds ?? 0);
  const [least, most] = [Math.min(...paid), Math.max(...paid)].map((s) => duration(s * 1000));
  const said = least === most ? least : `${least} to ${most}, by setting,`;
  return `Guests pay ${said} of processor time for such writes in all that time.`;
}

/** Whose processor that is. */
export function priceBasis(prices: Prices, host: string): string {
  const measuredOn = printable(prices.measuredOn);
  return areDefault(prices)
    ? `Nobody has measured ${host} ('ksmd calibrate' does): default prices, of\n${measuredOn}`
    : `Its prices were measured on\n${measuredOn}`;
}

/** What figures of a sample are. */
export function sampleSentences(sample: number): string[] {
  return sample === 1
    ? []
    : [
        `About, from one content in ${figure(sample)}, and 95 times in 100 within ±: huge pages, ` +
          'and what their splits give back, left out.',
      ];
}

/** Whose steps were followed, and where they were not. */
export function kernelSentences(
  { kernel: recordedOn }: RecordingHeader,
  { profile, note, isOfHost }: KernelChoice,
): string[] {
  const by = note === undefined ? '' : ` (${note})`;
  // What a host's kernel is found by names it.
  const recorded = isOfHost ? '' : `; the recording is of ${recordedOn}`;
  return [`As Linux ${profile.name} does it${by}${recorded}.`];
}

/** How long was predicted, and how long recorded. */
export function lengthsOf(runs: readonly Run[]): { seconds: number; recordedSeconds: number } {
  const [first] = runs;
  if (first === undefined) throw new RangeError('nothing was predicted');
  const { samples, recordedSeconds } = first.predicted;
  return { seconds: samples.at(-1)?.t ?? 0, recordedSeconds };
}
