/** `ksmd plan`: whether KSM is worth it on a recorded host, and with which settings. */
import { estimate } from '../../../estimate/estimate.js';
import { outcomeOf } from '../../../predict/outcome.js';
import { type Played, plan } from '../../../predict/plan.js';
import { type Predicted, predict } from '../../../predict/prediction.js';
import type { Prices } from '../../../prices/prices.js';
import type { RecordingHeader } from '../../../recording/format.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { Recording } from '../../../recording/recording.js';
import { chosenKernel, type KernelChoice, recordedKernel } from '../../kernel-choice.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Action } from '../../verb.js';
import { advisedOnlyOf, type BasisOptions, pricesFor } from './basis.js';
import { planScreen } from './plan-screen.js';

/** Of what is present: less than that no host is worth its trouble for. */
const LEAST_SHARE = 0.02;
/** Played so many times as long as it may take, and a minute, to see what comes in the end. */
const LONGER = 2;
const FEWEST_SECONDS = 60;

interface PlanOptions extends BasisOptions {
  readonly within: number;
  readonly maxCpu: number;
  readonly minSaving?: number;
}

export const action: Action<[string], PlanOptions> = async (
  { json, print, printJson },
  [path],
  options,
) => {
  const recording = await Recording.open(path);
  try {
    const prices = await pricesFor(recording, options.prices);
    const host = await recording.lastSweep();
    const selection = options.advised ? 'advised' : options.all ? 'all' : 'auto';
    const estimated = estimate(host, { selection, maxPageSharing: 256 });
    const { header } = recording;
    const kernel = chosenKernel(options.kernel, () => recordedKernel(header));
    const leastBytes = options.minSaving ?? estimated.pages * header.pageSize * LEAST_SHARE;
    const goals = {
      withinSeconds: options.within / 1000,
      mostCpu: options.maxCpu,
      leastBytes,
      hasSmartScan: kernel.profile.smartScan,
    };
    const line = new StepLine();
    const result = await plan(goals, async (settings) => {
      line.tell(`pages_to_scan=${settings.pages_to_scan}`);
      const set = Object.entries(settings);
      return playedOf(await played(recording, prices, set, kernel, options));
    });
    line.clear();
    if (json) printJson({ goals, ...result, prices });
    else {
      const memTotal = host.numbers[header.hostNumbers.indexOf('MemTotal')];
      const outside = {
        shared: summed(host, header, 'shared'),
        hugetlb: summed(host, header, 'hugetlb'),
      };
      const basis = { goals, estimated, header, kernel, memTotal, outside, prices };
      print(...planScreen(result, basis, process.stdout.columns));
    }
    return undefined;
  } finally {
    await recording.close();
  }
};

/** One of the numbers of guests, over all of them. */
function summed({ guests }: RecordedHost, { guestNumbers }: RecordingHeader, name: string): number {
  const at = guestNumbers.indexOf(name);
  return [...guests.values()].reduce((sum, { numbers }) => sum + (numbers[at] ?? 0), 0);
}

function played(
  recording: Recording,
  prices: Prices,
  set: readonly (readonly [string, number])[],
  { profile }: KernelChoice,
  options: PlanOptions,
): Promise<Predicted> {
  return predict(recording, {
    prices,
    kernel: profile.name,
    set,
    endsAtRest: true,
    atLeastSeconds: Math.max(FEWEST_SECONDS, (options.within * LONGER) / 1000),
    ...advisedOnlyOf(options),
  });
}

function playedOf(predicted: Predicted): Played {
  const outcome = outcomeOf(predicted);
  return {
    outcome,
    secondsTo: (bytes) =>
      predicted.samples.find(
        ({ freed_bytes, split_zero_bytes }) => freed_bytes + split_zero_bytes >= bytes,
      )?.t,
  };
}
