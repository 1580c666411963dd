/**
 * The bench: the seed's benchmark on ksmd, and on the running kernel where that can be had, in one run on the same bytes. Prints a table; the ratios are
 * what counts.
 */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { statusLatencyRow, uploadRow } from './experiments/daemon.js';
import { growthRow } from './experiments/growth.js';
import { mergingRows } from './experiments/merging.js';
import { overcommitRow } from './experiments/overcommit.js';
import { profileRow } from './experiments/profile.js';
import { readLoopRow } from './experiments/read-loop.js';
import { standingStartRow } from './experiments/standing-start.js';
import { printTable } from './report.js';
import { PHASES, type Phase, type Row } from './row.js';
import { whyNoKernel } from './sides/kernel.js';
import { PAGE_SIZE } from './sides/side.js';

function megabytes(text: string): number {
  const match = /^(\d+)(MiB|GiB|M|G)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('a size such as 256MiB or 1GiB');
  return Number(match[1]) * ((match[2] ?? '').startsWith('G') ? 1024 : 1);
}

function phase(text: string, before: Phase[] = []): Phase[] {
  const known = PHASES.find((name) => name === text);
  if (known === undefined) throw new InvalidArgumentError(`one of ${PHASES.join(', ')}`);
  return [...before, known];
}

const program = new Command('bench')
  .description('Measures ksmd, side by side with the running kernel.')
  .option('--size <size>', 'bytes a guest', megabytes, 256)
  .option('--only <phase>', 'only this phase; may be given more than once', phase)
  .option('--json <file>', 'write the rows to this file')
  .option('--no-kernel', 'leave the kernel out')
  .addHelpText('after', '\nExample:\n  npm run bench -- --size 1GiB --only worst-3\n');
program.parse();
const options = program.opts<{ size: number; only?: Phase[]; json?: string; kernel: boolean }>();
const wanted = new Set<Phase>(options.only ?? PHASES);
const copyPages = (options.size * 2 ** 20) / PAGE_SIZE;
const noKernel = options.kernel ? whyNoKernel() : 'left out';
const tell = (text: string): void => void process.stderr.write(`${text} …\n`);

const withKernel = noKernel === undefined;
const rows: Row[] = [
  ...(await mergingRows('worst', wanted, copyPages, withKernel, tell)),
  ...(await mergingRows('best', wanted, copyPages, withKernel, tell)),
];
const others: readonly (readonly [Phase, () => Row | Promise<Row>])[] = [
  ['read-loop', () => readLoopRow(copyPages, withKernel)],
  ['overcommit', () => overcommitRow(copyPages)],
  ['growth', () => growthRow(copyPages)],
  ['standing-start-worst', () => standingStartRow('worst', copyPages)],
  ['standing-start-best', () => standingStartRow('best', copyPages)],
  ['upload', () => uploadRow(copyPages)],
  ['status-latency', () => statusLatencyRow(copyPages)],
  ['profile', () => profileRow(copyPages)],
];
for (const [name, measure] of others) {
  if (!wanted.has(name)) continue;
  tell(name);
  rows.push(await measure());
}
printTable(rows, noKernel);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 1)}\n`);
