/**
 * What a page's curves are drawn from: of some settings, and of so many samples as a chart shows.
 * The first sample and the last are always among them.
 */
import type { Run } from '../../../../predict/outcome.js';
import type { PredictedSample } from '../../../../predict/prediction.js';
import type { Curves, RunCurves } from '../../../../web/prediction/curves.js';
import { labelsOf } from './labels.js';

/** A chart is hardly ever as many pixels wide. */
const MOST_POINTS = 2000;
/** Of processor time, which goes up and down, where several curves are to be told apart. */
const MOST_AVERAGES = 120;
/** As many as page.css has; then they come again, dashed. */
const COLOURS = 8;
/** More nobody tells apart. */
export const MOST_CURVES = 2 * COLOURS;

export interface Drawn {
  readonly drawn: Curves;
  /** One sample in so many is drawn. */
  readonly oneIn: number;
  /** Processor time is that of so many samples. */
  readonly averaged: number;
}

export function curvesOf(runs: readonly Run[], pageSize: number): Drawn {
  const { short, labelled } = labelsOf(runs);
  const chosen = runs.slice(0, MOST_CURVES);
  const most = Math.max(...chosen.map(({ predicted }) => predicted.samples.length));
  const strideFor = (points: number): number => Math.max(1, Math.ceil((most - 1) / (points - 1)));
  const oneIn = strideFor(MOST_POINTS);
  const averaged = chosen.length === 1 ? oneIn : strideFor(MOST_AVERAGES);
  const curves = chosen.map(({ predicted: { samples } }, at) => ({
    label: short[at] ?? '',
    ...lookOf(at),
    ...statesOf(thinned(samples, oneIn), pageSize),
    processor: processorOf(thinned(samples, averaged)),
  }));
  return { drawn: { labelled, runs: curves }, oneIn, averaged };
}

/** Of a setting's curves, by its place. */
export function lookOf(at: number): Pick<RunCurves, 'colour' | 'isDashed'> {
  return { colour: (at % COLOURS) + 1, isDashed: at >= COLOURS };
}

function statesOf(
  samples: readonly PredictedSample[],
  pageSize: number,
): Omit<RunCurves, 'label' | 'colour' | 'isDashed' | 'processor'> {
  const bytes = (counter: string): number[] =>
    samples.map(({ counters }) => (counters[counter] ?? 0) * pageSize);
  return {
    seconds: samples.map(({ t }) => t),
    savedBytes: samples.map(({ freed_bytes, split_zero_bytes }) => freed_bytes + split_zero_bytes),
    hugePages: samples.map(({ huge_pages }) => huge_pages),
    kindBytes: {
      shared: bytes('pages_shared'),
      sharing: bytes('pages_sharing'),
      zero: bytes('ksm_zero_pages'),
      unshared: bytes('pages_unshared'),
      volatile: bytes('pages_volatile'),
    },
  };
}

function processorOf(samples: readonly PredictedSample[]): RunCurves['processor'] {
  return {
    seconds: samples.map(({ t }) => t),
    share: samples.map((sample, at) => shareBetween(samples[at - 1], sample)),
  };
}

function thinned(samples: readonly PredictedSample[], oneIn: number): PredictedSample[] {
  const last = samples.length - 1;
  return samples.filter((_, at) => at % oneIn === 0 || at === last);
}

/** In four digits: a curve shows fewer. */
function shareBetween(before: PredictedSample | undefined, sample: PredictedSample): number | null {
  if (before === undefined) return null;
  const seconds = sample.kernel_cpu_seconds - before.kernel_cpu_seconds;
  return Number((seconds / (sample.t - before.t)).toPrecision(4));
}
