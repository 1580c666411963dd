/** `ksmd plan`: whether KSM is worth it on a recorded host, and with which settings. */
import { estimate } from '../../../estimate/estimate.js';
import type { TunableName } from '../../../ksm/records/tunable-records.js';
import type { TunableValue } from '../../../ksm/tunables.js';
import { isOfProcesses, recordedTunables } from '../../../predict/host-tunables.js';
import { mostHostBytes } from '../../../predict/memory-need.js';
import { outcomeOf } from '../../../predict/outcome.js';
import { type PlanSettings, type Played, plan } from '../../../predict/plan.js';
import { leastSeconds } from '../../../predict/policy.js';
import type { Predicted } from '../../../predict/prediction.js';
import { predictAll } from '../../../predict/predictions.js';
import { survey } from '../../../predict/survey.js';
import type { Prices } from '../../../prices/prices.js';
import { Recording } from '../../../recording/recording.js';
import { count } from '../../../wording/amounts.js';
import { chosenKernel, type KernelChoice, recordedKernel } from '../../kernel-choice.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Action } from '../../verb.js';
import { advisedOnlyOf, type BasisOptions, pricesFor } from './basis.js';
import { SLEEP_MS } from './plan-recipe.js';
import { planScreen } from './plan-screen.js';
import { planTold } from './plan-told.js';
import { unmergeableBytes } from './unmergeable-bytes.js';
import { WORTH_SHARE } from './worth.js';

/** Played so many times as long as it may take, and a minute at least, to see what comes of it. */
const LONGER = 2;
/** What a plan leaves as it is on the host, and plays so. */
const LEFT: readonly TunableName[] = [
  'merge_across_nodes',
  'max_page_sharing',
  'stable_node_chains_prune_millisecs',
  'use_zero_pages',
];

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
    const { header } = recording;
    const host = await recording.lastSweep();
    const { advisedOnly = (await survey(recording)).hasAdvised } = advisedOnlyOf(options);
    const estimated = estimate(host, { selection: advisedOnly ? 'advised' : 'all' });
    const kernel = chosenKernel(options.kernel, () => recordedKernel(header));
    const { tunables, smartScan } = kernel.profile;
    // A page that a fork shares is there in each process, and takes one frame.
    const usedBytes = estimated.framesInUse * header.pageSize;
    const goals = {
      withinSeconds: options.within / 1000,
      mostCpu: options.maxCpu,
      leastBytes: options.minSaving ?? usedBytes * WORTH_SHARE,
      zeroBytes: estimated.zeroPages * header.pageSize,
      hasSmartScan: smartScan,
    };
    const recorded = recordedTunables(host);
    const left = [...recorded].filter(([name]) => LEFT.includes(name) && tunables.includes(name));
    const player = new Player(recording, prices, kernel, { ...options, advisedOnly }, left);
    const result = await plan(goals, (all) => player.play(all));
    const played = player.played(result.settings);
    const numberOf = (name: string): number | undefined =>
      isOfProcesses(host) ? host.numbers[header.hostNumbers.indexOf(name)] : undefined;
    const { sharedBytes: shared, hugetlbBytes: hugetlb } = unmergeableBytes(host);
    const basis = {
      ...{ goals, asked: options.minSaving, estimated, header, kernel, prices, played },
      ...{ recorded, left, shared, hugetlb },
      memTotal: numberOf('MemTotal'),
      availableBytes: numberOf('MemAvailable'),
      mergedBytes:
        ((numberOf('ksm/pages_sharing') ?? 0) + (numberOf('ksm/ksm_zero_pages') ?? 0)) *
        header.pageSize,
    };
    if (json) {
      const onHost = { recorded: Object.fromEntries(recorded), left: Object.fromEntries(left) };
      const told = planTold(result, basis);
      printJson({ goals, advisedOnly, ...told, ...result, tunables: onHost, prices });
    } else print(...planScreen(result, basis, process.stdout.columns));
    return undefined;
  } finally {
    await recording.close();
  }
};

/** Plays a recording with settings, and keeps what came of each. */
class Player {
  private readonly line = new StepLine();
  private readonly all = new Map<string, Predicted>();

  constructor(
    private readonly recording: Recording,
    private readonly prices: Prices,
    private readonly kernel: KernelChoice,
    private readonly options: Pick<PlanOptions, 'within'> & { readonly advisedOnly: boolean },
    private readonly left: readonly (readonly [TunableName, TunableValue])[],
  ) {}

  async play(all: readonly PlanSettings[]): Promise<Played[]> {
    const { recording, prices, kernel, options, left, line } = this;
    const { path, header } = recording;
    const tell = (done: number, share: number): void =>
      line.tell(`${done} of ${count(all.length, 'setting')} tried, ${Math.floor(100 * share)} %`);
    tell(0, 0);
    const predicted = await predictAll(
      { path, mostBytes: mostHostBytes(header) },
      all.map((settings) => ({
        prices,
        kernel: kernel.profile.name,
        set: [...left, ['sleep_millisecs', SLEEP_MS], ...Object.entries(settings)],
        endsAtRest: true,
        atLeastSeconds: Math.max(leastSeconds(undefined), (options.within * LONGER) / 1000),
        advisedOnly: options.advisedOnly,
        tellsUnmerged: settings.smart_scan === 1,
      })),
      tell,
    ).finally(() => line.clear());
    return all.map((settings, at) => {
      const found = predicted[at];
      if (found === undefined) throw new RangeError('settings without a prediction');
      this.all.set(JSON.stringify(settings), found);
      return playedOf(found);
    });
  }

  /** What was played of these. */
  played(settings: PlanSettings): Predicted {
    const found = this.all.get(JSON.stringify(settings));
    if (found === undefined) throw new RangeError('a plan of settings that were not played');
    return found;
  }
}

function playedOf(predicted: Predicted): Played {
  const { unmerged, samples } = predicted;
  return {
    outcome: outcomeOf(predicted),
    secondsTo: (bytes) =>
      samples.find(({ freed_bytes, split_zero_bytes }) => freed_bytes + split_zero_bytes >= bytes)
        ?.t,
    outOfPhasePages: (unmerged?.outOfPhase ?? 0) + (unmerged?.neverInPhase ?? 0),
  };
}
