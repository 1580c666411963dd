/**
 * npm run fuzz-images: images of memory of every format that somebody has changed. Exit status 1 if
 * one is not refused in a sentence that names it, and does not keep to what sources promise either,
 * has no end, or takes too much memory; its seed is printed, and its file kept.
 */
import { Command } from 'commander';
import { FORMATS } from './fuzz-images/formats.js';
import { fuzzed } from './fuzzing.js';

const program = new Command('fuzz-images')
  .description('Has changed images of memory taken.')
  .option('--count <n>', 'how many of each format', Number, 100_000)
  .option('--seed <n>', 'of the first of each; each has the next one', Number, Date.now() % 1e6)
  .option('--only <format...>', `of these alone: ${Object.keys(FORMATS).join(', ')}`);
program.parse();
const { only, ...options } = program.opts<{ count: number; seed: number; only?: string[] }>();

const isSound = await fuzzed({
  ...options,
  name: 'fuzz-images',
  cases: new URL('fuzz-images/cases.ts', import.meta.url),
  kinds: only ?? Object.keys(FORMATS),
  mostBytes: 768 * 1024 * 1024,
  progressCases: 10_000,
});
if (!isSound) process.exitCode = 1;
