/**
 * npm run week: a long time of a large host, predicted from a recording of a sample that a program
 * makes. Tells how long one setting takes, how many visits of the scanner's that are a second, and
 * what memory it needs. Exit status 1 if a week of 512 GiB takes more than it is to, on one
 * processor of a machine that does nothing else.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { predict } from '../src/predict/prediction.js';
import { DEFAULT_PRICES } from '../src/prices/default-prices.js';
import { Recording } from '../src/recording/recording.js';
import { count, duration, size } from '../src/wording/amounts.js';
import { record } from './week/recording.js';

const GIB = 2 ** 30;
const PAGE_BYTES = 4096;
const HOUR_MS = 3_600_000;
/** What it may take. */
const MOST_SECONDS = 300;
const MOST_BYTES = 4 * GIB;

const program = new Command('week')
  .description('Predicts a long time of a large host.')
  .option('--gibibytes <n>', 'of the host', Number, 512)
  .option('--guests <n>', 'how many machines it has', Number, 64)
  .option('--sample <n>', 'one page in so many', Number, 64)
  .option('--hours <n>', 'how long, with a sweep an hour', Number, 168)
  .option('--pages <n>', 'pages_to_scan', Number, 1000)
  .option('--smart-scan <0|1>', 'smart_scan', Number, 1);
program.parse();
const options = program.opts<{
  gibibytes: number;
  guests: number;
  sample: number;
  hours: number;
  pages: number;
  smartScan: number;
}>();

const folder = mkdtempSync(join(tmpdir(), 'ksmd-week-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'week.rec');
record(
  {
    guests: options.guests,
    pages: Math.floor((options.gibibytes * GIB) / PAGE_BYTES / options.guests),
    sample: options.sample,
    sweeps: options.hours + 1,
    intervalMs: HOUR_MS,
  },
  path,
);
console.log(`recorded by a program: ${size(statSync(path).size)}; a few minutes of predicting now`);
const recording = await Recording.open(path);
const from = performance.now();
const { samples } = await predict(recording, {
  prices: DEFAULT_PRICES,
  kernel: '6.18',
  set: [
    ['pages_to_scan', options.pages],
    ['smart_scan', options.smartScan],
  ],
});
const seconds = (performance.now() - from) / 1000;
await recording.close();
const last = samples.at(-1);
if (last === undefined) throw new Error('nothing is predicted');
const { pages_scanned = 0, pages_skipped = 0, full_scans = 0 } = last.counters;
const passed = (pages_scanned + pages_skipped) / options.sample;
const bytes = process.resourceUsage().maxRSS * 1024;
console.log(
  `${duration(last.t * 1000)} predicted in ${seconds.toFixed(0)} s: ` +
    `${count(Math.round(passed), 'page')} of the sample passed, ` +
    `${Math.round(passed / seconds).toLocaleString('en')} a second, in ${full_scans} full scans; ` +
    `${size(last.freed_bytes)} saved in the end; ${size(bytes)} of memory at most`,
);
if (seconds > MOST_SECONDS || bytes > MOST_BYTES) {
  console.log(`more than ${duration(MOST_SECONDS * 1000)} or ${size(MOST_BYTES)}`);
  process.exitCode = 1;
}
