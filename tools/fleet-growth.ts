/**
 * npm run fleet-growth: recordings that npm run fleet has made, added to a fleet a part at a time;
 * after each the fleet is asked all that `ksmd fleet` knows. Tells how fast recordings are added,
 * how large the fleet is, and how long each question takes; and draws how that grows. Exit status 0
 * if each report and all pairs were there within a minute and 8 GiB.
 */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { count, duration, size } from '../src/wording/amounts.js';
import { ask } from './fleet/asked.js';
import { type GrowthPoint, growthPlot } from './fleet/growth-plot.js';

const GIB = 2 ** 30;
const PAGE_BYTES = 4096;
const STEPS = [10, 30, 100, 300, 1000];
/** Where a placement is to be searched for, somebody waits longer. */
const SOON = ['report', 'pairs'];
const SOON_SECONDS = 60;
const SOON_GIBIBYTES = 8;

const program = new Command('fleet-growth')
  .description('Asks a fleet as it grows.')
  .requiredOption('--recordings <dir>', 'where npm run fleet has put them')
  .requiredOption('--fleet <dir>', 'where the fleet is made, or is')
  .option('--memory <size>', 'of each host, for place', '36GiB')
  .option('--keep', 'what is in the fleet already')
  .option('--plot <file>', 'an SVG');
program.parse();
const options = program.opts<{
  recordings: string;
  fleet: string;
  memory: string;
  keep?: true;
  plot?: string;
}>();

const paths = readdirSync(options.recordings)
  .sort()
  .map((file) => join(options.recordings, file));
if (options.keep === undefined) rmSync(options.fleet, { recursive: true, force: true });
const points: GrowthPoint[] = [];
let from = 0;
for (const hosts of STEPS.filter((step) => step <= paths.length)) {
  const { stdout, tookMs } = await ask(
    ...['add', options.fleet, ...paths.slice(from, hosts), '--json'],
  );
  const days = JSON.parse(stdout) as { rows?: number; presentPages: number }[];
  const bytes = days.reduce((sum, { presentPages }) => sum + presentPages, 0) * PAGE_BYTES;
  const rows = days.reduce((sum, day) => sum + (day.rows ?? 0), 0);
  const onDisk = bytesIn(options.fleet);
  console.log(
    `${count(hosts, 'host')}: ${count(rows, 'row')} of ${size(bytes)} added in ` +
      `${duration(tookMs)}, ${size((bytes * 1000) / tookMs)} a second; ` +
      `${size(onDisk)} on disk`,
  );
  for (const args of [
    ['report', options.fleet],
    ['pairs', options.fleet],
    ['place', options.fleet, '--memory', options.memory],
  ]) {
    const asked = await ask(...args, '--top', '5');
    const [question = ''] = args;
    points.push({
      hosts,
      question,
      seconds: asked.tookMs / 1000,
      gibibytes: asked.mostBytes / GIB,
    });
    console.log(`  ${question}: ${duration(asked.tookMs)}, ${size(asked.mostBytes)}`);
    console.log(asked.stdout.replace(/^/gm, '    '));
  }
  from = hosts;
}
if (options.plot !== undefined)
  writeFileSync(options.plot, await growthPlot(points, 'A fleet of 20 machines a host, 1 in 64'));
const late = points.filter(
  ({ question, seconds, gibibytes }) =>
    SOON.includes(question) && (seconds > SOON_SECONDS || gibibytes > SOON_GIBIBYTES),
);
for (const { hosts, question } of late)
  console.log(`MISSED: ${question} of ${count(hosts, 'host')} takes more than a minute or 8 GiB`);
process.exitCode = late.length === 0 ? 0 : 1;

function bytesOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

function bytesIn(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return bytesOf(
    files.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name)),
  );
}
