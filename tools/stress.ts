/**
 * npm run stress: guests that write, fork and collapse while the scanner merges, in a memory nine
 * tenths full. Exit status 1 if a byte is wrong or a recount disagrees.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { randomIntegers } from '../src/workload/random.js';
import { LoadedDaemon } from './load/daemon.js';
import { Families } from './load/families.js';
import { DAEMON_OPTIONS, Writers } from './load/writers.js';

const BETWEEN_DEEDS_MS = 50;

const program = new Command('stress')
  .description(
    'Three writers, a reader, a family that forks and the scanner at full speed: every store ' +
      'is read back.',
  )
  .option('--seconds <n>', 'how long', Number, 60)
  .option('--seed <n>', 'of what is written where', Number, Date.now() % 1_000_000);
program.parse();
const { seconds, seed } = program.opts<{ seconds: number; seed: number }>();
console.log(`stress: ${seconds} s, seed ${seed}`);

const daemon = await LoadedDaemon.start(DAEMON_OPTIONS);
const writers = new Writers(daemon, seed);
await writers.start();
const families = new Families(daemon, randomIntegers(seed));
await families.start();
const end = performance.now() + seconds * 1000;
while (performance.now() < end) {
  const untilMs = Math.min(end, performance.now() + 5000);
  while (performance.now() < untilMs) {
    await Promise.race([delay(BETWEEN_DEEDS_MS), daemon.died]);
    await families.deed();
  }
  const { verified, wrong, retries } = await writers.soFar();
  const { pages_shared, pages_sharing, full_scans } = await daemon.client.ksm();
  console.log(
    `${verified.toLocaleString('en')} stores verified, ${wrong} wrong, ${retries} retried; ` +
      `${full_scans} full scans, ${pages_shared} shared, ${pages_sharing} sharing`,
  );
}
await families.stop();
const totals = await writers.stop();
totals.wrong += families.wrong;
const disagreements = await daemon.client.check();
await daemon.stop();
for (const sentence of disagreements) console.log(sentence);
console.log(
  `${totals.verified.toLocaleString('en')} stores verified in ${seconds} s, ` +
    `${totals.wrong} wrong, ${totals.retries} retried for want of a frame`,
);
const { forks, execs, prctls, collapses, refused } = families.done;
console.log(
  `${forks} forks, ${execs} execs, ${prctls} prctls, ${collapses} collapses; ${refused} refused`,
);
console.log(
  disagreements.length === 0 ? 'check: all agrees' : `check: ${disagreements.length} disagreements`,
);
process.exitCode = totals.wrong === 0 && disagreements.length === 0 ? 0 : 1;
