/**
 * npm run stress: guests that write while the scanner merges, in a memory nine tenths full. Exit
 * status 1 if a byte is wrong or a recount disagrees.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { LoadedDaemon } from './load/daemon.js';
import { DAEMON_OPTIONS, Writers } from './load/writers.js';

const program = new Command('stress')
  .description('Three writers, a reader and the scanner at full speed, every store read back.')
  .option('--seconds <n>', 'how long', Number, 60)
  .option('--seed <n>', 'of what is written where', Number, Date.now() % 1_000_000);
program.parse();
const { seconds, seed } = program.opts<{ seconds: number; seed: number }>();
console.log(`stress: ${seconds} s, seed ${seed}`);

const daemon = await LoadedDaemon.start(DAEMON_OPTIONS);
const writers = new Writers(daemon, seed);
await writers.start();
const end = performance.now() + seconds * 1000;
while (performance.now() < end) {
  await Promise.race([delay(Math.min(5000, Math.max(0, end - performance.now()))), daemon.died]);
  const { verified, wrong, retries } = await writers.soFar();
  const { pages_shared, pages_sharing, full_scans } = await daemon.client.ksm();
  console.log(
    `${verified.toLocaleString('en')} stores verified, ${wrong} wrong, ${retries} retried; ` +
      `${full_scans} full scans, ${pages_shared} shared, ${pages_sharing} sharing`,
  );
}
const totals = await writers.stop();
const disagreements = await daemon.client.check();
await daemon.stop();
for (const sentence of disagreements) console.log(sentence);
console.log(
  `${totals.verified.toLocaleString('en')} stores verified in ${seconds} s, ` +
    `${totals.wrong} wrong, ${totals.retries} retried for want of a frame`,
);
console.log(
  disagreements.length === 0 ? 'check: all agrees' : `check: ${disagreements.length} disagreements`,
);
process.exitCode = totals.wrong === 0 && disagreements.length === 0 ? 0 : 1;
