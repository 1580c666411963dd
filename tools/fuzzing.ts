/**
 * Files that somebody has changed, taken one after the other in a process of its own: one that has
 * no end, or takes all memory, takes that process and no more. What is a fault is printed with its
 * seed, and its file kept.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEADLINE_MS = 20_000;

/** What the process is told: it takes the cases, and says of each that it begins, and its end. */
export interface Task<Kind extends string> {
  readonly kind: Kind;
  /** Of the first case: each has the next one. */
  readonly seed: number;
  readonly count: number;
  /** Where the file of the case under way lies. */
  readonly path: string;
}

export type News =
  | { readonly begins: number }
  | { readonly taken: string; readonly rssBytes: number }
  | { readonly fault: string }
  | { readonly done: true };

export interface Fuzzing<Kind extends string> {
  /** As npm knows it. */
  readonly name: string;
  /** The program of the process. */
  readonly cases: URL;
  readonly kinds: readonly Kind[];
  readonly seed: number;
  /** Of each kind. */
  readonly count: number;
  /** More is a fault. */
  readonly mostBytes: number;
  readonly progressCases: number;
}

/** Prints what came of all cases; false if one was a fault. */
export async function fuzzed<Kind extends string>(fuzzing: Fuzzing<Kind>): Promise<boolean> {
  const { name, kinds, count, seed } = fuzzing;
  console.log(`${name}: ${count.toLocaleString('en')} of each kind, seed ${seed}`);
  const folder = mkdtempSync(join(tmpdir(), `ksmd-${name}-`));
  let isSound = true;
  for (const kind of kinds) if (!(await isKindSound(fuzzing, kind, folder))) isSound = false;
  rmSync(folder, { recursive: true });
  return isSound;
}

async function isKindSound<Kind extends string>(
  { name, cases, seed, count, mostBytes, progressCases }: Fuzzing<Kind>,
  kind: Kind,
  folder: string,
): Promise<boolean> {
  const outcomes = new Map<string, number>();
  const path = join(folder, kind);
  const child = fork(fileURLToPath(cases), { execArgv: [...process.execArgv, '--expose-gc'] });
  let current = seed;
  let most = 0;
  let done = 0;
  const hear = (news: News): void => {
    if ('begins' in news) current = news.begins;
    if (!('taken' in news)) return;
    outcomes.set(news.taken, (outcomes.get(news.taken) ?? 0) + 1);
    most = Math.max(most, news.rssBytes);
    done++;
    if (done % progressCases === 0) console.log(`${kind}: ${done.toLocaleString('en')} taken`);
  };
  const fault = await faultIn(child, { kind, seed, count, path }, mostBytes, hear);
  const told = [...outcomes].sort().map(([what, times]) => `${what} ${times.toLocaleString('en')}`);
  console.log(`${kind}: ${told.join(', ')}; resident ${Math.round(most / 2 ** 20)} MiB at most`);
  if (fault === undefined) return true;
  const kept = join(tmpdir(), `ksmd-${name}-${kind}-${current}`);
  copyFileSync(path, kept);
  console.log(`${kind}: ${fault}\nkept as ${kept}: npm run ${name} -- --count 1 --seed ${current}`);
  return false;
}

/** What went wrong, once all is done or something did. */
function faultIn(
  child: ChildProcess,
  task: Task<string>,
  mostBytes: number,
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
      else if ('taken' in news && news.rssBytes > mostBytes) end('it takes too much memory');
    });
    child.on('exit', (status, signal) => end(`the process ended with ${signal ?? status}`));
    child.send(task);
  });
}

/** Of the process: to who has started it, once it is on its way. */
export function tell(news: News): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(news, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}
