/**
 * npm run recordings: `ksmd capture` beside live processes, gigabytes of them. How fast a sweep is
 * beside a bare read of the same memory, what it takes, and whether it holds them up; whether what
 * a sample says is within its error; and whether a recording that was killed, or met a full disk,
 * is read. As root also: whether the host's own KSM changes what is estimated.
 *
 * Exit status 1 if one of these is not as it should be.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { broken } from './recordings/broken.js';
import { LiveHost } from './recordings/live-host.js';
import { merged } from './recordings/merged.js';
import { sampled } from './recordings/sampled.js';
import { swept } from './recordings/swept.js';

const PHASES = ['sweeps', 'samples', 'broken', 'merged'] as const;

const program = new Command('recordings')
  .description('Records live processes, and looks at what comes of it.')
  .option('--gibibytes <n>', 'of memory', Number, 8)
  .option('--processes <n>', 'that have it', Number, 8)
  .option('--kills <n>', 'recordings that are killed', Number, 200)
  .option('--tries <n>', 'samples that are held against the whole', Number, 100)
  .option('--only <phase...>', `of these alone: ${PHASES.join(', ')}`);
program.parse();
const { gibibytes, processes, kills, tries, only } = program.opts<{
  gibibytes: number;
  processes: number;
  kills: number;
  tries: number;
  only?: string[];
}>();

const folder = mkdtempSync(join(tmpdir(), 'ksmd-recordings-'));
const isWanted = (phase: (typeof PHASES)[number]): boolean => only?.includes(phase) ?? true;
// A key that everybody knows: what is in a sample is the same in every run.
writeFileSync(join(folder, 'key'), `${'5a'.repeat(32)}\n`, { mode: 0o600 });
const host = await LiveHost.start(gibibytes * 2 ** 30, processes);
const outcomes: boolean[] = [];
try {
  console.log(`${gibibytes} GiB in ${host.pids.length} processes, two of them forks`);
  if (isWanted('sweeps')) outcomes.push(await swept(host, folder));
  if (isWanted('samples')) outcomes.push(await sampled(host, folder, tries));
  if (isWanted('broken')) outcomes.push(await broken(host, folder, kills));
  if (isWanted('merged')) outcomes.push(await merged(host, folder));
} finally {
  host.stop();
  rmSync(folder, { recursive: true });
}
if (outcomes.includes(false)) process.exitCode = 1;
