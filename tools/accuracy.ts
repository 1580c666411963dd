/**
 * npm run accuracy: what `ksmd predict` says of live programs, against what the running kernel's
 * KSM then does to them. They are captured while KSM is off and predicted; then the kernel is let
 * loose on the same processes, some times over. Root, and a machine that does nothing else; the
 * kernel's KSM is put back as it was.
 *
 * Quiet programs, busy ones and machines, each started afresh for each setting. Programs that this
 * machine does not have are left out, and this is said. Prints each figure beside the kernel's; a
 * table, a picture of the curves, a page of them for each setting and all the numbers go into a
 * folder, setting by setting.
 *
 * Exit status 1 if a prediction is farther off than it may be.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { KsmdError } from '../src/errors.js';
import { LibC } from '../src/libc.js';
import { calibrate } from '../src/prices/calibration/calibrate.js';
import { KernelKsm } from '../src/prices/calibration/kernel-ksm.js';
import { duration } from '../src/wording/amounts.js';
import { PROGRAM_NAMES, type ProgramName, whyNot } from './accuracy/commands.js';
import { figuresOf, heldAgainst } from './accuracy/curves.js';
import { GROUP_NAMES, type GroupName, nameOf, trialsOf } from './accuracy/groups.js';
import { unpackMachineKernel } from './accuracy/machine.js';
import { Programs } from './accuracy/programs.js';
import { Report } from './accuracy/report.js';
import { linesOf } from './accuracy/tables.js';
import { carryOut, lengthOf } from './accuracy/trial.js';
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
  .option('--output <folder>', 'what comes of it', join(tmpdir(), 'ksmd-accuracy'));
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
const lengths = trials.map((trial) => lengthOf(trial, times) + BESIDES_SECONDS);
const leftFrom = (at: number): string =>
  duration(lengths.slice(at).reduce((sum, seconds) => sum + seconds, 0) * 1000);

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
console.error(`prices are measured, ${CALIBRATION_SECONDS} s; then ${leftFrom(0)} for all else`);
const { prices } = await calibrate({
  kernel,
  libc: await LibC.load(),
  batchPages: BATCH_PAGES,
  signal,
  progress: () => {},
});
const report = new Report(options.output, prices);
let isRight = true;
for (const [at, trial] of trials.entries()) {
  const name = nameOf(trial);
  const progress = (what: string): void =>
    console.error(`${at + 1} of ${trials.length}, ${leftFrom(at)} left: ${name}: ${what}`);
  kernel.reset();
  const programs = new Programs();
  running = programs;
  const own = join(folder, String(at));
  mkdirSync(own);
  await programs.start(trial.programs, options.each, { writes: trial.writes, folder: own });
  const beside = { kernel, prices, programs, folder: own, progress };
  const outcome = await carryOut(trial, { ...times, ...beside });
  await programs.stop();
  rmSync(own, { recursive: true });
  const held = heldAgainst(
    figuresOf(outcome.prediction, trial.endShare),
    outcome.runs.map((run) => figuresOf(run, trial.endShare)),
  );
  console.log(`\n${name}`);
  for (const line of linesOf(held)) console.log(line);
  if (held.some((figure) => !figure.isRight)) isRight = false;
  await report.add({ trial, outcome, held });
}
console.log(`\nA table, a picture and pages are in ${options.output}.`);
process.exitCode = isRight ? 0 : 1;

/** What makes no sense is told in a sentence. */
function asked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof KsmdError)) throw error;
    return program.error(`accuracy: ${error.message}`);
  }
}
