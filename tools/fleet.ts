/**
 * npm run fleet: recordings of a made-up fleet, in a folder that stays: families of machines, of
 * which it is known who shares how much with whom. Tells how fast they are written, and how large
 * they are.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { count, duration, size } from '../src/wording/amounts.js';
import { MadeUpFleet } from './fleet/made-up-fleet.js';
import { fileName, record } from './fleet/recording.js';

const GIB = 2 ** 30;
const PAGE_BYTES = 4096;

const program = new Command('fleet')
  .description('Makes recordings of a made-up fleet.')
  .requiredOption('--dir <path>', 'where they go')
  .option('--hosts <n>', 'how many', Number, 1000)
  .option('--guests-a-host <n>', 'how many machines each has', Number, 20)
  .option('--gibibytes <n>', 'of each machine', Number, 2)
  .option('--sample <n>', 'one page in so many', Number, 64)
  .option('--families <n>', 'kinds of machines', Number, 40)
  .option('--days <n>', 'a recording of each host for each', Number, 1)
  .option('--sweeps <n>', 'of each recording, an hour apart', Number, 1)
  .option('--seed <n>', 'another fleet for each', Number, 1);
program.parse();
const options = program.opts<{
  dir: string;
  hosts: number;
  guestsAHost: number;
  gibibytes: number;
  sample: number;
  families: number;
  days: number;
  sweeps: number;
  seed: number;
}>();

const { hosts, guestsAHost, sample, families, seed, days, sweeps } = options;
const pages = Math.floor((options.gibibytes * GIB) / PAGE_BYTES);
const fleet = new MadeUpFleet({ seed, hosts, guestsAHost, pages, sample, families });
mkdirSync(options.dir, { recursive: true });
const recordings = hosts * days;
const from = performance.now();
let bytes = 0;
for (let day = 0; day < days; day++)
  for (let host = 0; host < hosts; host++) {
    const at = { host, day, sweeps };
    bytes += record(fleet, at, join(options.dir, fileName(at)));
    const made = day * hosts + host + 1;
    if (process.stderr.isTTY) process.stderr.write(`\r${made} of ${recordings} `);
  }
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
const tookMs = performance.now() - from;
const sampled = recordings * guestsAHost * fleet.sampledPages;
const memoryBytes = fleet.guests * pages * PAGE_BYTES;
console.log(
  `${count(recordings, 'recording')} of ${count(fleet.guests, 'guest')} ` +
    `(${size(memoryBytes)}) in ${duration(tookMs)}: ${count(sampled, 'page')} of the sample, ` +
    `${Math.round((sampled * 1000) / tookMs).toLocaleString('en')} a second; ${size(bytes)}, ` +
    `${size((bytes * GIB) / (memoryBytes * days))} a GiB of memory and day`,
);
