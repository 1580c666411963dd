/**
 * npm run fuzz-files: snapshots and scenarios that somebody has changed, their checksums set right
 * afterwards. Exit status 1 if one is not refused in a sentence and does not make a sound host
 * either, has no end, or takes too much memory; its seed is printed, and its file kept.
 */
import { Command } from 'commander';
import { fuzzed } from './fuzzing.js';

const program = new Command('fuzz-files')
  .description('Has changed snapshots and scenarios taken.')
  .option('--count <n>', 'how many of each', Number, 20_000)
  .option('--seed <n>', 'of the first of each; each has the next one', Number, Date.now() % 1e6);
program.parse();

const isSound = await fuzzed({
  ...program.opts<{ count: number; seed: number }>(),
  name: 'fuzz-files',
  cases: new URL('fuzz-files/cases.ts', import.meta.url),
  kinds: ['snapshot', 'scenario'],
  mostBytes: 1536 * 1024 * 1024,
  progressCases: 2000,
});
if (!isSound) process.exitCode = 1;
