/** What a prediction comes to, in the few figures that settings are compared by. */
import type { Predicted, PredictedSample } from './prediction.js';

/** At rest are the last so many of a prediction's samples: a fifth. */
const REST_SHARE = 0.2;
const FIRST_SECONDS = 60;
const PARTS = [0.5, 0.9, 0.99] as const;

/** What was predicted with which settings. */
export interface Run {
  readonly settings: Readonly<Record<string, string>>;
  readonly predicted: Predicted;
}

export interface Outcome {
  /**
   * In the end, or on average at rest, where khugepaged goes on undoing it: by merging, and what
   * splits of huge pages gave back.
   */
  readonly freedBytes: number;
  /** Of a sample: so many more or fewer, 95 times in 100. */
  readonly errorBytes: number;
  readonly splitZeroBytes: number;
  /** Seconds until a part of what is freed in the end was. */
  readonly secondsTo: readonly { readonly part: number; readonly seconds: number }[];
  /** Of one processor, the kernel's scanner: in the first minute, and at rest. */
  readonly cpuAtFirst: number;
  readonly cpuAtRest: number;
  /** At rest: merged pages that guests write to, a second. */
  readonly breaksASecond: number;
  readonly hugePagesAtFirst: number;
  readonly hugePages: number;
  /** At rest: huge pages that khugepaged makes anew, a second. */
  readonly collapsesASecond: number;
}

export function outcomeOf(predicted: Predicted): Outcome {
  const { figureSamples: samples = predicted.samples, errorBytes } = predicted;
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('no sample');
  const freed = (sample: PredictedSample): number => sample.freed_bytes + sample.split_zero_bytes;
  const restFrom = last.t * (1 - REST_SHARE);
  const rest = samples.findLast(({ t }) => t <= restFrom) ?? first;
  const minute = samples.find(({ t }) => t >= FIRST_SECONDS) ?? last;
  const long = Math.max(last.t - rest.t, Number.EPSILON);
  const ends = last.collapses > rest.collapses ? samples.filter(({ t }) => t >= rest.t) : [last];
  const freedBytes = average(ends.map(({ freed_bytes }) => freed_bytes));
  const splitZeroBytes = average(ends.map(({ split_zero_bytes }) => split_zero_bytes));
  const inTheEnd = freedBytes + splitZeroBytes;
  return {
    freedBytes,
    errorBytes,
    splitZeroBytes,
    secondsTo: PARTS.map((part) => ({
      part,
      seconds: samples.find((sample) => freed(sample) >= part * inTheEnd)?.t ?? last.t,
    })),
    cpuAtFirst: minute.kernel_cpu_seconds / Math.max(minute.t, Number.EPSILON),
    cpuAtRest: (last.kernel_cpu_seconds - rest.kernel_cpu_seconds) / long,
    breaksASecond: (last.breaks - rest.breaks) / long,
    hugePagesAtFirst: first.huge_pages,
    hugePages: last.huge_pages,
    collapsesASecond: (last.collapses - rest.collapses) / long,
  };
}

/** Of bytes, in whole ones. */
function average(bytes: readonly number[]): number {
  return Math.round(bytes.reduce((sum, each) => sum + each, 0) / bytes.length);
}
