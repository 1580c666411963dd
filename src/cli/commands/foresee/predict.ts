/** `ksmd predict`: what KSM would do for a recorded host, setting by setting. */
import { KsmdError } from '../../../errors.js';
import { kernelProfile } from '../../../ksm/kernels.js';
import { firstTunables } from '../../../ksm/tunables.js';
import { KHUGEPAGED } from '../../../names.js';
import { outcomeOf, type Run } from '../../../predict/outcome.js';
import { type Predicted, predict } from '../../../predict/prediction.js';
import type { Prices } from '../../../prices/prices.js';
import { Recording } from '../../../recording/recording.js';
import type { Assignment } from '../../values.js';
import type { Action } from '../../verb.js';
import { advisedOnlyOf, type BasisOptions, pricesFor } from './basis.js';
import { predictionCsv } from './prediction-csv.js';
import { predictionScreen } from './prediction-screen.js';

/** Each is a run for every combination with others. */
const MOST_RUNS = 256;

interface PredictOptions extends BasisOptions {
  readonly set?: readonly Assignment[];
  readonly sweep?: readonly Assignment[];
  readonly for?: number;
  readonly every?: number;
  readonly csv?: true;
}

export const action: Action<[string], PredictOptions> = async (
  { json, print, printJson },
  [path],
  options,
) => {
  const recording = await Recording.open(path);
  try {
    const prices = await pricesFor(recording, options.prices);
    const runs: Run[] = [];
    const all = combinations(options);
    for (const [at, settings] of all.entries()) {
      if (process.stderr.isTTY) process.stderr.write(`\rrun ${at + 1} of ${all.length} \x1b[K`);
      runs.push({ settings, predicted: await run(recording, settings, prices, options) });
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    if (json) printJson({ prices, runs: runs.map(jsonOf) });
    else if (options.csv === true) print(...predictionCsv(runs));
    else print(...predictionScreen(runs, recording.header, prices, options.kernel));
    return undefined;
  } finally {
    await recording.close();
  }
};

function run(
  recording: Recording,
  settings: Readonly<Record<string, string>>,
  prices: Prices,
  options: PredictOptions,
): Promise<Predicted> {
  return predict(recording, {
    prices,
    kernel: options.kernel,
    set: Object.entries(settings),
    ...(options.for === undefined ? {} : { seconds: options.for / 1000 }),
    ...(options.every === undefined ? {} : { everySeconds: options.every / 1000 }),
    ...advisedOnlyOf(options),
  });
}

/** A run each: what is set always, and every value of what is swept with every other's. */
function combinations({ set = [], sweep = [], kernel }: PredictOptions): Record<string, string>[] {
  let all: Record<string, string>[] = [Object.fromEntries(set)];
  for (const [name, values] of sweep)
    all = all.flatMap((settings) =>
      values.split(',').map((value) => ({ ...settings, [name]: value })),
    );
  if (all.length > MOST_RUNS)
    throw new KsmdError('EINVAL', `${all.length} runs: sweep over at most ${MOST_RUNS}`);
  const profile = kernelProfile(kernel);
  for (const settings of all) {
    const ofKsm = Object.entries(settings).filter(([name]) => !name.startsWith(KHUGEPAGED));
    firstTunables(profile, ofKsm);
  }
  return all;
}

function jsonOf({ settings, predicted }: Run): object {
  const { samples, ...about } = predicted;
  return {
    settings,
    ...about,
    outcome: outcomeOf(predicted),
    samples: samples.map(({ t, counters, ...rest }) => ({ t, ...counters, ...rest })),
  };
}
