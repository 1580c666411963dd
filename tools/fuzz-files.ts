/**
 * npm run fuzz-files: snapshots and scenarios that somebody has changed, their checksums set right
 * afterwards. Exit status 1 if one is not refused in a sentence and does not make a sound host
 * either, has no end, or takes too much memory; its seed is printed, and its file kept.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Kind, News, Task } from './fuzz-files/cases.js';

const CASES = fileURLToPath(new URL('fuzz-files/cases.ts', import.meta.url));
const DEADLINE_MS = 20_000;
const MOST_BYTES = 1536 * 1024 * 1024;
const PROGRESS_CASES = 2000;

const program = new Command('fuzz-files')
  .description('Has changed snapshots and scenarios taken.')
  .option('--count <n>', 'how many of each', Number, 20_000)
  .option('--seed <n>', 'of the first of each; each has the next one', Number, Date.now() % 1e6);
program.parse();
const { count, seed } = program.opts<{ count: number; seed: number }>();
console.log(`fuzz-files: ${count.toLocaleString('en')} of each kind, seed ${seed}`);

const folder = mkdtempSync(join(tmpdir(), 'ksmd-fuzz-files-'));
for (const kind of ['snapshot', 'scenario'] as const)
  if (!(await isSound(kind))) process.exitCode = 1;
rmSync(folder, { recursive: true });

/** Prints what came of all cases of a kind; false if one was a fault. */
async function isSound(kind: Kind): Promise<boolean> {
  const outcomes = new Map<string, number>();
  const path = join(folder, kind);
  const child = fork(CASES, { execArgv: [...process.execArgv, '--expose-gc'] });
  let current = seed;
  let most = 0;
  let done = 0;
  const fault = await faultIn(child, { kind, seed, count, path }, (news) => {
    if ('begins' in news) current = news.begins;
    if (!('taken' in news)) return;
    outcomes.set(news.taken, (outcomes.get(news.taken) ?? 0) + 1);
    most = Math.max(most, news.rssBytes);
    done++;
    if (done % PROGRESS_CASES === 0) console.log(`${kind}: ${done.toLocaleString('en')} taken`);
  });
  const told = [...outcomes].sort().map(([name, cases]) => `${name} ${cases.toLocaleString('en')}`);
  console.log(`${kind}: ${told.join(', ')}; resident ${Math.round(most / 2 ** 20)} MiB at most`);
  if (fault === undefined) return true;
  const kept = join(tmpdir(), `ksmd-fuzz-files-${kind}-${current}`);
  copyFileSync(path, kept);
  console.log(
    `${kind}: ${fault}\nkept as ${kept}: npm run fuzz-files -- --count 1 --seed ${current}`,
  );
  return false;
}

/** What went wrong, once all is done or something did. */
function faultIn(
  child: ChildProcess,
  task: Task,
  hear: (news: News) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (fault: string | undefined): void => {
      clearTimeout(deadline);
      child.removeAllListeners();
      child.kill('SIGKILL');
      resolve(fault);
    };
    const deadline = setTimeout(() => end(`no end within ${DEADLINE_MS / 1000} s`), DEADLINE_MS);
    child.on('message', (news: News) => {
      deadline.refresh();
      hear(news);
      if ('fault' in news) end(news.fault);
      else if ('done' in news) end(undefined);
      else if ('taken' in news && news.rssBytes > MOST_BYTES) end('it takes too much memory');
    });
    child.on('exit', (status, signal) => end(`the process ended with ${signal ?? status}`));
    child.send(task);
  });
}
