/**
 * npm run accuracy: what `ksmd predict` says of live programs, against what the running kernel's
 * KSM then does to them. They are captured while KSM is off and predicted; then the kernel is let
 * loose on the same processes, some times over. Root, and a machine that does nothing else; the
 * kernel's KSM is put back as it was.
 *
 * Quiet programs, busy ones and machines, each started afresh for each setting. The prices are
 * measured beside them first, while their memory is none of KSM's: a machine at work is another
 * than one that sleeps. Programs that this machine does not have are left out, and this is said.
 * Prints each figure beside the kernel's; a table, a picture of the curves, a page of them and a
 * recording for each setting and all the numbers go into a folder, setting by setting.
 *
 * Exit status 1 if a prediction is farther off than it may be.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { KsmdError } from '../src/errors.js';
import { LibC } from '../src/libc.js';
import { calibrate } from '../src/prices/calibration/calibrate.js';
import { KernelKsm } from '../src/prices/calibration/kernel-ksm.js';
import type { Prices } from '../src/prices/prices.js';
import { duration } from '../src/wording/amounts.js';
import { PROGRAM_NAMES, type ProgramName, whyNot } from './accuracy/commands.js';
import { figuresOf, heldAgainst } from './accuracy/curves.js';
import { GROUP_NAMES, type GroupName, nameOf, type Trial, trialsOf } from './accuracy/groups.js';
import { unpackMachineKernel } from './accuracy/machine.js';
import { Programs } from './accuracy/programs.js';
import { Report } from './accuracy/report.js';
import { linesOf } from './accuracy/tables.js';
import { carryOut, lengthOf, type Outcome, predictedAgain } from './accuracy/trial.js';
import { whyNoKernel } from './record/kernel-at-hand.js';

const NAP_MS = 20;
const BATCH_PAGES = 1000;
const CALIBRATION_SECONDS = 60;
/** What a prediction takes, about, and to start programs. */
const BESIDES_SECONDS = 20;

const program = new Command('accuracy')
  .description('Holds predictions against the running kernel.')
  .addOption(
    new Option('--groups <name...>', 'what runs together')
      .choices(GROUP_NAMES)
      .default(GROUP_NAMES),
  )
  .addOption(
    new Option('--programs <name...>', 'only these of them (default: all that are there)').choices(
      PROGRAM_NAMES,
    ),
  )
  .option('--each <n>', 'copies of each', Number, 3)
  .option('--writes <n>', 'of each busy process, a second', Number, 2000)
  .option('--settings <pages/smart...>', 'pages_to_scan/smart_scan', ['1000/1', '2000/0', '4000/1'])
  .option(
    '--settling <seconds>',
    'until programs have come to rest (default: 60, machines 120)',
    Number,
  )
  .option('--captured <seconds>', 'how long they are captured', Number, 60)
  .option('--seconds <n>', 'how long the kernel has', Number, 40)
  .option('--runs <n>', 'of the kernel', Number, 3)
  .option('--output <folder>', 'what comes of it', join(tmpdir(), 'ksmd-accuracy'))
  .option('--again <folder>', 'what came of it before: prices and predictions alone are made anew');
program.parse();
const options = program.opts<{
  groups: GroupName[];
  programs?: ProgramName[];
  each: number;
  writes: number;
  settings: string[];
  settling?: number;
  captured: number;
  seconds: number;
  runs: number;
  output: string;
  again?: string;
}>();

const missing = new Map(PROGRAM_NAMES.map((name) => [name, whyNot(name)] as const));
for (const [name, reason] of missing) {
  if (reason === undefined) continue;
  const isAsked = options.programs?.includes(name) === true;
  if (isAsked) program.error(`accuracy: ${reason}`);
  console.error(`left out: ${reason}`);
}
const whyNone = whyNoKernel();
if (whyNone !== undefined) program.error(`accuracy: ${whyNone}`);
const trials = asked(() => trialsOf(options, (name) => missing.get(name) === undefined));
const times = {
  capturedSeconds: options.captured,
  kernelSeconds: options.seconds,
  runs: options.runs,
};
/** The first of a group is preceded by the prices of all. */
const isFirst = ({ group }: Trial, at: number): boolean => trials[at - 1]?.group !== group;
const lengths = trials.map((trial, at) => {
  const ofPrices = trial.settlingSeconds + CALIBRATION_SECONDS + BESIDES_SECONDS;
  const ofTrial = options.again === undefined ? lengthOf(trial, times) : 0;
  return ofTrial + BESIDES_SECONDS + (isFirst(trial, at) ? ofPrices : 0);
});
const leftFrom = (at: number): string =>
  duration(lengths.slice(at).reduce((sum, seconds) => sum + seconds, 0) * 1000);

if (options.again === options.output)
  program.error('accuracy: another folder than --again’s is to be --output');
const folder = mkdtempSync(join(tmpdir(), 'ksmd-accuracy-'));
// Some programs run as an unprivileged user.
chmodSync(folder, 0o711);
mkdirSync(options.output, { recursive: true });
const kernel = new KernelKsm(NAP_MS);
let running: Programs | undefined;
// However it ends, the kernel is as it was, and no program is left.
process.on('exit', () => {
  running?.kill();
  kernel.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130));

const { signal } = new AbortController();
if (trials.some(({ programs }) => programs.includes('machine'))) unpackMachineKernel(folder);
const libc = await LibC.load();
const report = new Report(options.output);
let prices: Prices | undefined;
let isRight = true;
for (const [at, trial] of trials.entries()) {
  const name = nameOf(trial);
  const progress = (what: string): void =>
    console.error(`${at + 1} of ${trials.length}, ${leftFrom(at)} left: ${name}: ${what}`);
  if (prices === undefined || isFirst(trial, at)) prices = await pricesBeside(trial, progress);
  const own = join(folder, String(at));
  const outcome = await (options.again === undefined
    ? carriedOut(trial, own, prices, progress)
    : predictedAgain(trial, options.again, prices));
  const held = heldAgainst(
    figuresOf(outcome.prediction, trial.endShare),
    outcome.runs.map((run) => figuresOf(run, trial.endShare)),
  );
  console.log(`\n${name}`);
  for (const line of linesOf(held)) console.log(line);
  if (held.some((figure) => !figure.isRight)) isRight = false;
  await report.add({ trial, prices, outcome, held });
  rmSync(own, { recursive: true, force: true });
}
console.log(`\nA table, a picture and pages are in ${options.output}.`);
process.exitCode = isRight ? 0 : 1;

async function carriedOut(
  trial: Trial,
  own: string,
  prices: Prices,
  progress: (what: string) => void,
): Promise<Outcome> {
  const programs = await start(trial, own, true);
  const beside = { kernel, prices, programs, folder: own, progress };
  const outcome = await carryOut(trial, { ...times, ...beside });
  await programs.stop();
  return outcome;
}

async function start(trial: Trial, own: string, merges: boolean): Promise<Programs> {
  kernel.reset();
  const programs = new Programs();
  running = programs;
  mkdirSync(own);
  await programs.start(trial.programs, options.each, { writes: trial.writes, folder: own, merges });
  return programs;
}

/** What the kernel's work costs while these programs run, of whose memory it knows nothing. */
async function pricesBeside(trial: Trial, progress: (what: string) => void): Promise<Prices> {
  const own = join(folder, `prices-${trial.group}`);
  const programs = await start(trial, own, false);
  const { settlingSeconds } = trial;
  progress(`programs come to rest, ${settlingSeconds} s`);
  await sleep(settlingSeconds * 1000);
  progress(`prices are measured beside them, ${CALIBRATION_SECONDS} s`);
  const { prices } = await calibrate({
    ...{ kernel, libc, batchPages: BATCH_PAGES, signal },
    progress: () => {},
  });
  await programs.stop();
  rmSync(own, { recursive: true });
  return prices;
}

/** What makes no sense is told in a sentence. */
function asked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof KsmdError)) throw error;
    return program.error(`accuracy: ${error.message}`);
  }
}
