/**
 * The bench: the seed's benchmark on ksmd and, if asked to, on the running kernel, side by side
 * on the same bytes: the host's KSM is left alone unless it is told to switch it on. Prints tables;
 * the ratios are what counts. Exit status 0 if all was measured, whether or not goals were met.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ProfileName } from '../src/ksm/kernels.js';
import { DEFAULT_KERNEL, KERNELS } from '../src/names.js';
import { whyNoKernel } from '../tools/record/kernel-at-hand.js';
import { brokenMergeRow } from './experiments/broken-merge.js';
import { captureRow } from './experiments/capture.js';
import { changeDetectionRow } from './experiments/change-detection.js';
import { daemonWorstRow, uploadRow } from './experiments/daemon.js';
import { dashboardRow } from './experiments/dashboard.js';
import { fingerprintsRow } from './experiments/fingerprints.js';
import { growthRow } from './experiments/growth.js';
import { imagesRow } from './experiments/images.js';
import { ksm01Row } from './experiments/ksm01.js';
import { mergingRows } from './experiments/merging.js';
import { overcommitRow } from './experiments/overcommit.js';
import { profileRow } from './experiments/profile.js';
import { readLoopRow } from './experiments/read-loop.js';
import { registerRow } from './experiments/register.js';
import { standingStartRow } from './experiments/standing-start.js';
import {
  busyStatusLatencyRow,
  statusFloorRow,
  statusLatencyRow,
} from './experiments/status-latency.js';
import { virtualVisitsRow } from './experiments/virtual-visits.js';
import { Progress } from './progress.js';
import { printReport } from './report/terminal.js';
import type { Results } from './results.js';
import { PHASES, type Phase, type Row } from './row.js';
import { SEED_2009 } from './seed-2009.js';
import { PAGE_SIZE } from './sides/side.js';
import { workHash } from './work.js';

const DEFAULT_SIZE = '1GiB';

function bytes(text: string): number {
  const match = /^([1-9]\d*)(MiB|GiB|M|G)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('a size such as 256MiB or 1GiB');
  return Number(match[1]) * ((match[2] ?? '').startsWith('G') ? 2 ** 30 : 2 ** 20);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number, 0 to 999999999');
  return Number(text);
}

function phase(text: string, before: Phase[] = []): Phase[] {
  const known = PHASES.find((name) => name === text);
  if (known === undefined) throw new InvalidArgumentError(`one of ${PHASES.join(', ')}`);
  return [...before, known];
}

interface Options {
  readonly size: number;
  readonly only?: Phase[];
  readonly kernel: ProfileName;
  readonly withRunningKernel?: true;
  readonly seed: number;
  readonly json?: string;
  readonly report?: string;
}

const program = new Command('bench')
  .description('Measures ksmd, and the KSM of the running kernel on the same bytes if asked to.')
  .addOption(
    new Option('--size <size>', 'memory of a guest')
      .argParser(bytes)
      .default(bytes(DEFAULT_SIZE), DEFAULT_SIZE),
  )
  .option(
    '--only <phase>',
    `only this phase; may be given more than once: ${PHASES.join(', ')}`,
    phase,
  )
  .addOption(
    new Option('--kernel <version>', "whose order of steps ksmd's side follows")
      .choices(KERNELS)
      .default(DEFAULT_KERNEL),
  )
  .option(
    '--with-running-kernel',
    'measure the running kernel too: as root, and this host’s KSM is switched on meanwhile',
  )
  .option('--seed <n>', 'of all that is random', wholeNumber, 1)
  .option('--json <file>', 'write the rows to this file')
  .option(
    '--report <directory>',
    'write the tables as Markdown, with pictures, into this directory',
  )
  .addHelpText(
    'after',
    '\nExample:\n  npm run bench -- --size 1GiB --only worst-3 --with-running-kernel --report ' +
      '/tmp/report\n',
  );
program.parse();
const options = program.opts<Options>();
const { kernel: profile, seed } = options;
const wanted = new Set<Phase>(options.only ?? PHASES);
const copyPages = options.size / PAGE_SIZE;
const runningKernel = options.withRunningKernel === true;
const whyNot = runningKernel ? whyNoKernel() : undefined;
if (whyNot !== undefined) program.error(`error: --with-running-kernel: ${whyNot}`);
const progress = new Progress();
// A directory that cannot be written is better known before the work than after.
if (options.report !== undefined) mkdirSync(options.report, { recursive: true });

const merging = { wanted, copyPages, profile, runningKernel, progress };
const rows: Row[] = [
  ...(await mergingRows('worst', merging)),
  ...(await mergingRows('best', merging)),
];
const others: readonly (readonly [Phase, () => Row | Promise<Row>])[] = [
  ['read-loop', () => readLoopRow(copyPages, profile, runningKernel)],
  ['broken-merge', () => brokenMergeRow(copyPages, profile, runningKernel)],
  ['ksm01', () => ksm01Row(copyPages, profile, runningKernel, progress)],
  ['overcommit', () => overcommitRow(copyPages, profile, seed, progress)],
  ['growth', () => growthRow(copyPages, profile)],
  ['change-detection', () => changeDetectionRow(copyPages, profile)],
  ['standing-start-worst', () => standingStartRow('worst', copyPages, profile)],
  ['standing-start-best', () => standingStartRow('best', copyPages, profile)],
  ['upload', () => uploadRow(copyPages, profile)],
  ['status-floor', () => statusFloorRow()],
  ['status-latency', () => statusLatencyRow(copyPages, profile)],
  ['status-latency-busy', () => busyStatusLatencyRow(copyPages, profile, progress)],
  ['daemon-worst', () => daemonWorstRow(copyPages, profile)],
  ['profile', () => profileRow(copyPages, profile)],
  ['dashboard', () => dashboardRow(copyPages, profile, seed, progress)],
  ['fingerprints', () => fingerprintsRow(options.size, profile, seed, progress)],
  ['virtual-visits', () => virtualVisitsRow(copyPages, profile, progress)],
  ['images', () => imagesRow(copyPages)],
  ['capture', () => captureRow(options.size, progress)],
  ['register', () => registerRow(copyPages, profile)],
];
for (const [name, measure] of others) {
  if (!wanted.has(name)) continue;
  progress.begin(name);
  rows.push(await measure());
}

const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim();
const results: Results = {
  guestBytes: options.size,
  profile,
  seed,
  runningKernel,
  command,
  rows,
  workHash: workHash(rows),
};
printReport(results);
if (options.json !== undefined) {
  const { guestBytes, workHash: hash } = results;
  const lines = rows.map((row) => {
    const then = SEED_2009[row.phase];
    const seed2009 =
      then === undefined
        ? {}
        : {
            seed2009: then.text,
            ...(then.seconds === undefined ? {} : { seedSeconds: then.seconds }),
          };
    return { ...row, ...seed2009, guestBytes, kernelProfile: profile, seed, workHash: hash };
  });
  writeFileSync(options.json, `${JSON.stringify(lines, null, 1)}\n`);
}
if (options.report !== undefined) {
  // Loaded when it is needed: drawing takes a library that takes long to load.
  const { writeReport } = await import('./report/markdown.js');
  console.log(`report: ${await writeReport(options.report, results)}`);
}
