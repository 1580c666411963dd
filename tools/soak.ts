/**
 * npm run soak: hours of everything at once. The load of stress goes on all the time; beside it
 * guests come and go, tunables change, snapshots are read and broken off, followers of the log and
 * of events come and hang up, uploads break off, the scanner and guest threads are killed. A figure
 * a minute. Exit status 1 if a byte is wrong, a recount disagrees, or anything grows after the
 * first minutes.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { isKsmdError } from '../src/errors.js';
import { randomIntegers } from '../src/workload/random.js';
import { LoadedDaemon } from './load/daemon.js';
import { DAEMON_OPTIONS, Writers } from './load/writers.js';
import { deeds } from './soak/deeds.js';
import { Answers, type Figures, growth, processFigures } from './soak/figures.js';
import { plotOf } from './soak/plot.js';

/** So many deeds are under way at a time. */
const AT_ONCE = 2;
const WARM_UP_MINUTES = 10;
/** What may come of a deed beside others: somebody else was first, or memory is full. */
const EXPECTED = ['EBUSY', 'ENOMEM', 'ENOSPC'] as const;

const program = new Command('soak')
  .description('Everything at once, for long: nothing is wrong and nothing grows.')
  .option('--minutes <n>', 'how long', Number, 60)
  .option('--seconds-a-minute <n>', 'how long a minute is, to try it out', Number, 60)
  .option('--plot <file>', 'write the figures as a picture (SVG) into this file')
  .option('--seed <n>', 'of what happens when', Number, Date.now() % 1_000_000);
program.parse();
const { minutes, secondsAMinute, plot, seed } = program.opts<{
  minutes: number;
  secondsAMinute: number;
  plot?: string;
  seed: number;
}>();
console.log(`soak: ${minutes} minutes, seed ${seed}`);

const daemon = await LoadedDaemon.start(DAEMON_OPTIONS);
const writers = new Writers(daemon, seed);
await writers.start();
const answers = new Answers(daemon);
const random = randomIntegers(seed);
const all = Object.entries(deeds(daemon, writers, random));
const done = new Map<string, number>(all.map(([name]) => [name, 0]));

async function someDeeds(untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const [name, deed] = all[random(all.length)] ?? all[0];
    try {
      await deed();
    } catch (error) {
      if (!EXPECTED.some((code) => isKsmdError(error, code)))
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
    }
    done.set(name, (done.get(name) ?? 0) + 1);
  }
}

const figures: Figures[] = [];
const startMs = performance.now();
for (let minute = 1; minute <= minutes; minute++) {
  const untilMs = startMs + minute * secondsAMinute * 1000;
  const work = Array.from({ length: AT_ONCE }, () => someDeeds(untilMs));
  await Promise.race([Promise.all(work), daemon.died]);
  // What hung up is gone once the daemon has heard of it.
  await delay(500);
  const { verified, wrong } = await writers.soFar();
  const row: Figures = {
    minute,
    ...processFigures(daemon.pid),
    p99Ms: Number(answers.p99().toFixed(2)),
    verified,
    wrong,
  };
  figures.push(row);
  console.log(
    `${String(minute).padStart(4)} min: ${row.residentMiB} MiB resident, ` +
      `${row.descriptors} descriptors, ${row.threads} threads, p99 ${row.p99Ms} ms, ` +
      `${verified.toLocaleString('en')} stores verified, ${wrong} wrong`,
  );
}
answers.end();
const totals = await writers.stop();
const faults = [
  ...(await daemon.client.check()),
  ...growth(figures, WARM_UP_MINUTES),
  ...(totals.wrong > 0 ? [`${totals.wrong} bytes were wrong`] : []),
];
await daemon.stop();
if (plot !== undefined)
  writeFileSync(
    plot,
    await plotOf(figures, `${minutes} minutes of everything at once, seed ${seed}`),
  );
for (const [name, times] of done) console.log(`${String(times).padStart(7)} × ${name}`);
for (const fault of faults) console.log(fault);
console.log(faults.length === 0 ? 'nothing is wrong, and nothing grew' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
