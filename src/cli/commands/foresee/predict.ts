/** `ksmd predict`: what KSM would do for a recorded host, setting by setting. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import type { KernelProfile } from '../../../ksm/kernels.js';
import { firstTunables } from '../../../ksm/tunables.js';
import { KHUGEPAGED, type PolicyName } from '../../../names.js';
import { KeptPredictions } from '../../../predict/kept-predictions.js';
import { mostHostBytes } from '../../../predict/memory-need.js';
import { outcomeOf, type Run } from '../../../predict/outcome.js';
import { chosenBy, leastSeconds, type PolicyChoice } from '../../../predict/policy.js';
import type { Predicted, PredictOptions } from '../../../predict/prediction.js';
import { predictAll } from '../../../predict/predictions.js';
import { areDefault } from '../../../prices/default-prices.js';
import type { Prices } from '../../../prices/prices.js';
import { quoted } from '../../../printable.js';
import { Recording } from '../../../recording/recording.js';
import { VERSION } from '../../../version.js';
import { count } from '../../../wording/amounts.js';
import { chosenKernel, recordedKernel } from '../../kernel-choice.js';
import { readKsmtuned } from '../../read-ksmtuned.js';
import { readTenants } from '../../read-tenants.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Assignment, NamedPolicy } from '../../values.js';
import type { Action } from '../../verb.js';
import { advisedOnlyOf, type BasisOptions, pricesFor } from './basis.js';
import { writePage } from './page/written-page.js';
import { predictionCsv } from './prediction-csv.js';
import { predictionScreen } from './prediction-screen.js';
import { lengthsOf, type Told } from './prediction-told.js';
import { toldAtASignal } from './told-at-a-signal.js';

/** Each is a run for every combination with others. */
const MOST_RUNS = 256;

interface Options extends BasisOptions {
  readonly set?: readonly Assignment[];
  readonly sweep?: readonly Assignment[];
  readonly policy?: readonly NamedPolicy[];
  readonly for?: number;
  readonly every?: number;
  readonly csv?: true;
  readonly html?: string;
  readonly resume?: string;
  readonly tenants?: string;
}

export const action: Action<[string], Options> = async (
  { json, print, printJson },
  [path],
  options,
) => {
  if (json && options.csv === true) throw new InvalidArgumentError('either --csv or --json');
  const recording = await Recording.open(path);
  try {
    const prices = await pricesFor(recording, options.prices);
    const domains =
      options.tenants === undefined ? undefined : await domainsIn(recording, options.tenants);
    const { header, sweeps } = recording;
    const kernel = chosenKernel(options.kernel, () => recordedKernel(header));
    const all = apart(await chosen(options, kernel.profile), domains, header.nodeBytes.length);
    const { html } = options;
    const atLeastSeconds = options.for === undefined ? longestNeeded(all) : 0;
    const toldOf = async (): Promise<Told> => {
      const optionsOf = (each: Chosen): PredictOptions =>
        predictOptions(each, prices, kernel.profile, atLeastSeconds, options);
      const runs = await played(recording, all, optionsOf, options);
      return { runs, header, sweeps, prices, kernel, atLeastSeconds };
    };
    const told = html === undefined ? await toldOf() : await writePage(html, toldOf, pageOf);
    const { runs } = told;
    if (json) printJson(jsonOfAll(told));
    else if (options.csv === true) print(...predictionCsv(runs));
    else {
      print(...predictionScreen(told, process.stdout.columns));
      if (html !== undefined) print(`${html}: the same with its curves, for a browser.`);
    }
    return undefined;
  } finally {
    await recording.close();
  }
};

async function played(
  { path, header, sweeps }: Recording,
  all: readonly Chosen[],
  optionsOf: (each: Chosen) => PredictOptions,
  { resume }: Options,
): Promise<Run[]> {
  const of = JSON.stringify([VERSION, header, sweeps]);
  const keeper = resume === undefined ? undefined : KeptPredictions.open(resume, of);
  const line = new StepLine();
  const runs = count(all.length, 'run');
  let kept = 0;
  line.tell(`0 of ${runs} done`);
  const predictions = (): Promise<Predicted[]> =>
    predictAll(
      { path, mostBytes: mostHostBytes(header) },
      all.map(optionsOf),
      (done, share) => {
        kept = done;
        line.tell(`${done} of ${runs} done, ${Math.floor(100 * share)} %`);
      },
      keeper,
    ).finally(() => line.clear());
  const predicted = await (keeper === undefined
    ? predictions()
    : toldAtASignal(() => {
        line.clear();
        const goesOn = 'the same command line goes on with the others';
        return `kept in ${quoted(keeper.path)}: ${kept} of ${runs}; ${goesOn}`;
      }, predictions));
  return all.map(({ label, set, tenants }, at) => {
    const found = predicted[at];
    if (found === undefined) throw new RangeError('a run without a prediction');
    const settings = { ...(tenants && { tenants }), ...(label && { policy: label }), ...set };
    return { settings, predicted: found };
  });
}

async function pageOf(told: Told): Promise<string> {
  const { predictionPage } = await import('./page/prediction-page.js');
  return predictionPage(told);
}

/** What a run is of. */
interface Chosen {
  readonly set: Readonly<Record<string, string>>;
  readonly policy?: PolicyChoice;
  /** As the policy was asked for. */
  readonly label?: string;
  /** Whether they merge with one another. */
  readonly tenants?: 'together' | 'apart';
  /** Of those that do not. */
  readonly domains?: Domains;
}

type Domains = Readonly<Record<string, string>>;

/** The tenants of all guests that there ever are. */
async function domainsIn(recording: Recording, path: string): Promise<Domains> {
  const tenantOf = await readTenants(path);
  const names = new Set<string>();
  for await (const record of recording.records())
    if (record.type === 'guest') names.add(record.name);
  return Object.fromEntries([...names].map((name) => [name, tenantOf(name)]));
}

/**
 * Where there are tenants, each run once as kernels are, and once with them merged apart; on a host
 * of several nodes also with nodes apart, which is what kernels can do.
 */
function apart(
  all: readonly Chosen[],
  domains: Domains | undefined,
  nodes: number,
): readonly Chosen[] {
  if (domains === undefined) return all;
  return all.flatMap((each): Chosen[] => [
    { ...each, tenants: 'together' },
    ...(nodes > 1
      ? [{ ...each, tenants: 'together', set: { ...each.set, merge_across_nodes: '0' } } as const]
      : []),
    { ...each, tenants: 'apart', domains },
  ]);
}

/** All runs are as long as the one that needs most: else they could not be compared. */
function longestNeeded(all: readonly Chosen[]): number {
  return Math.max(...all.map(({ policy }) => leastSeconds(policy)));
}

function predictOptions(
  { set, policy, domains }: Chosen,
  prices: Prices,
  { name }: KernelProfile,
  atLeastSeconds: number,
  options: Options,
): PredictOptions {
  return {
    ...(domains && { domains }),
    ...(policy === undefined ? {} : { policy }),
    prices,
    kernel: name,
    set: Object.entries(set),
    ...(options.for === undefined ? { atLeastSeconds } : { seconds: options.for / 1000 }),
    ...(options.every === undefined ? {} : { everySeconds: options.every / 1000 }),
    ...advisedOnlyOf(options),
  };
}

/**
 * A run for each combination of settings, and for each policy, beside what is swept of what no
 * policy chooses. Where there is a policy and nothing to sweep, none is without.
 */
async function chosen(options: Options, profile: KernelProfile): Promise<Chosen[]> {
  assertGivenOnce([...(options.set ?? []), ...(options.sweep ?? [])]);
  const policies = await Promise.all((options.policy ?? []).map(policyFrom));
  if (policies.length === 0) return combinations(options, profile).map((set) => ({ set }));
  for (const [name] of options.set ?? [])
    if (policies.some(({ policy }) => chosenBy(policy.name).includes(name)))
      throw new KsmdError('EINVAL', `${name} is what a policy chooses: leave out one of the two`);
  const { sweep = [] } = options;
  const besideOf = (policy: PolicyName): Record<string, string>[] =>
    combinations(
      { ...options, sweep: sweep.filter(([name]) => !chosenBy(policy).includes(name)) },
      profile,
    );
  return [
    ...(sweep.length === 0 ? [] : combinations(options, profile).map((set) => ({ set }))),
    ...policies.flatMap((each) => besideOf(each.policy.name).map((set) => ({ set, ...each }))),
  ];
}

async function policyFrom({
  name,
  path,
}: NamedPolicy): Promise<{ policy: PolicyChoice; label: string }> {
  if (path === undefined) return { policy: { name }, label: name };
  const settings = await readKsmtuned(path);
  return { policy: { name, settings }, label: `${name}:${path}` };
}

/** Of two values for all runs, or one for all and several to try, one would be left out unseen. */
function assertGivenOnce(given: readonly Assignment[]): void {
  const names = given.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new KsmdError(
      'EINVAL',
      `${twice} is given twice, by --set or --sweep: leave out one of the two`,
    );
}

/** A run each: what is set always, and every value of what is swept with every other's. */
function combinations(
  { set = [], sweep = [] }: Options,
  profile: KernelProfile,
): Record<string, string>[] {
  let all: Record<string, string>[] = [Object.fromEntries(set)];
  for (const [name, values] of sweep)
    all = all.flatMap((settings) =>
      [...new Set(values.split(','))].map((value) => ({ ...settings, [name]: value })),
    );
  if (all.length > MOST_RUNS)
    throw new KsmdError('EINVAL', `${all.length} runs: sweep over at most ${MOST_RUNS}`);
  for (const settings of all) {
    const ofKsm = Object.entries(settings).filter(([name]) => !name.startsWith(KHUGEPAGED));
    firstTunables(profile, ofKsm);
  }
  return all;
}

function jsonOfAll(told: Told): object {
  const { runs, header, sweeps, prices, kernel } = told;
  const { host, kernel: recordedOn, pageSize, sample } = header;
  return {
    host,
    ...{ recordedOn, sweeps, pageSize, sample, ...lengthsOf(runs) },
    kernel: kernel.profile.name,
    ...(kernel.note !== undefined && { kernelNote: kernel.note }),
    prices,
    pricesAreDefault: areDefault(prices),
    runs: runs.map(jsonOf),
  };
}

function jsonOf({ settings, predicted }: Run): object {
  const { samples, figureSamples: _, ...about } = predicted;
  return {
    settings,
    ...about,
    outcome: outcomeOf(predicted),
    samples: samples.map(({ t, counters, ...rest }) => ({ t, ...counters, ...rest })),
  };
}
