/**
 * npm run big-host: a host larger than this machine. A recording of made-up guests of 183 GiB, all
 * pages different but for a known part, in one daemon of fingerprints: registered, merged to rest,
 * looked at in every way, with how long each took, what the daemon came to use and how soon it
 * answered meanwhile. Exit status 1 if it counts otherwise than is known, or a recount finds it
 * wrong.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { count, duration, size } from '../src/wording/amounts.js';
import { StatusAnswers } from './big-host/answers.js';
import { known, type MadeUp } from './big-host/made-up.js';
import { record, register } from './big-host/recording.js';
import { LoadedDaemon } from './load/daemon.js';

const GIB = 2 ** 30;
const ADDRESS = 2 ** 32;
/** One page in so many is alike in all guests. */
const SHARED_PART = 8;
const LOOK_MS = 200;
/** A full scan that takes note of each page, one that merges it, and one that finds no more. */
const FULL_SCANS_TO_REST = 3;

const program = new Command('big-host')
  .description('Has guests of 183 GiB merge in one daemon of fingerprints.')
  .option('--memory <size>', 'of the daemon', '4GiB')
  .option('--gibibytes <n>', 'of guests (default: as many as there is room for)', Number)
  .option('--guests <n>', 'how many', Number, 64);
program.parse();
const options = program.opts<{ memory: string; gibibytes?: number; guests: number }>();

const daemon = await LoadedDaemon.start([
  ...['--fingerprints', '--memory', options.memory, '--run', '0'],
  ...['--set', 'smart_scan=0', '--pages-to-scan', '1000000', '--sleep-ms', '0'],
]);
const { client } = daemon;
const { memory, pageSize } = await client.status();
const wantedBytes = Math.min((options.gibibytes ?? Infinity) * GIB, memory.totalBytes);
const pagesEach = Math.floor(wantedBytes / pageSize / options.guests);
const madeUp: MadeUp = {
  guests: options.guests,
  pages: pagesEach - (pagesEach % SHARED_PART),
  sharedPart: SHARED_PART,
};
const pages = madeUp.guests * madeUp.pages;
console.log(
  `${options.memory} hold ${size(memory.totalBytes)}; ${madeUp.guests} guests of ` +
    `${size(madeUp.pages * pageSize)}: ${count(pages, 'page')} (${size(pages * pageSize)})`,
);
const folder = mkdtempSync(join(tmpdir(), 'ksmd-big-host-'));
const path = join(folder, 'host.rec');
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const from = performance.now();
record(madeUp, ADDRESS / pageSize, pageSize, path);
const took = duration(performance.now() - from);
console.log(`recorded by a program: ${size(statSync(path).size)} in ${took}`);
console.log('                       seconds   status, ms: median    99 %   longest   RSS');
const answers = new StatusAnswers(daemon.socketPath);
let isRight = true;
try {
  let usedBytes = 0;
  const registering = await timed('registered', async () => {
    usedBytes = await register(path, daemon.socketPath);
  });
  console.log(
    `  ${count(Math.round(pages / registering), 'page')} a second; ksmd register used ` +
      `${size(usedBytes)} at most`,
  );
  rmSync(path);
  await timed('merged to rest', rest);
  isRight = holds(await client.ksm());
  for (const [what, look] of looks()) await timed(what, look);
  const peak = /^VmHWM:\s+(\d+)/m.exec(procStatus())?.[1];
  console.log(`the daemon used ${size(Number(peak) * 1024)} at most`);
} finally {
  await answers.end();
  await daemon.stop();
}
if (!isRight) process.exitCode = 1;

async function rest(): Promise<void> {
  await client.setKsm({ run: 1 });
  while (Number((await client.ksm()).full_scans) < FULL_SCANS_TO_REST)
    await Promise.race([delay(LOOK_MS), daemon.died]);
  await client.setKsm({ run: 0 });
}

function holds(counters: Readonly<Record<string, number | string>>): boolean {
  const wrong = Object.entries(known(madeUp)).filter(([name, value]) => counters[name] !== value);
  for (const [name, value] of Object.entries(known(madeUp)))
    console.log(`  ${name} ${counters[name]}, as is known ${value}`);
  return wrong.length === 0;
}

/** What people do with a daemon. */
function looks(): [string, () => Promise<unknown>][] {
  return [
    ['status', () => client.status()],
    ['guests, for top', () => client.guests()],
    ['explain', () => client.page('guest-0', ADDRESS)],
    ['metrics', () => client.metrics()],
    ['the dashboard’s map', () => client.pageMap()],
    ['its live stream', firstLook],
    ['report', () => client.report()],
    ['what is equal and not merged', () => client.unmerged()],
    ['check', recount],
    ['snapshot', snapshot],
  ];
}

/** What a dashboard that opens is told first, and as the scanner goes on. */
async function firstLook(): Promise<void> {
  await client.setKsm({ run: 1 });
  let events = 0;
  const watching = new AbortController();
  for await (const { event } of client.live(watching.signal))
    if (event === 'pages' || event === 'map' || ++events > 10) break;
  watching.abort();
  await client.setKsm({ run: 0 });
}

async function recount(): Promise<void> {
  const disagreements = await client.check();
  for (const sentence of disagreements) console.error(sentence);
  if (disagreements.length > 0) isRight = false;
}

async function snapshot(): Promise<void> {
  const { length, chunks } = await client.snapshot();
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  if (bytes !== length) throw new Error(`a snapshot of ${length} bytes has ${bytes}`);
}

/** Prints how long it took; the seconds. */
async function timed(what: string, work: () => Promise<unknown>): Promise<number> {
  answers.taken();
  const from = performance.now();
  await Promise.race([work(), daemon.died]);
  const elapsed = (performance.now() - from) / 1000;
  const { p50, p99, longest } = answers.taken();
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(procStatus())?.[1]) * 1024;
  console.log(
    `${what.padEnd(20)}${elapsed.toFixed(2).padStart(10)}${p50.toFixed(1).padStart(21)}` +
      `${p99.toFixed(1).padStart(8)}${longest.toFixed(1).padStart(10)}   ${size(rss)}`,
  );
  return elapsed;
}

function procStatus(): string {
  return readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
}
