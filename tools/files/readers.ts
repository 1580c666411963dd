/**
 * The clients that the kernel's files have on a real host, at so many times their pace, in a
 * process of their own: node_exporter, ksmtuned, and somebody's loop in a shell.
 *
 * Arguments: the directory of the files, seconds, and how many times the pace. Prints as JSON how
 * often they read and wrote, and what failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What node_exporter's collector reads, every time that Prometheus scrapes. */
const SCRAPED = [
  'full_scans',
  'merge_across_nodes',
  'pages_shared',
  'pages_sharing',
  'pages_to_scan',
  'pages_unshared',
  'pages_volatile',
  'run',
  'sleep_millisecs',
];
const SCRAPE_SECONDS = 15;
/** ksmtuned looks at memory once a minute, and at what is there each time it changes something. */
const TUNE_SECONDS = 60;
const LOOP_SECONDS = 1;

const [ksm = '', seconds = '60', times = '60'] = process.argv.slice(2);
const done = { reads: 0, writes: 0, failed: 0 };

function attempt(call: () => void): void {
  try {
    call();
  } catch {
    done.failed++;
  }
}

function read(name: string): void {
  done.reads++;
  attempt(() => readFileSync(join(ksm, name), 'latin1'));
}

function write(name: string, value: number): void {
  done.writes++;
  attempt(() => writeFileSync(join(ksm, name), `${value}\n`));
}

function scrape(): void {
  for (const name of SCRAPED) read(name);
}

let pages = 64;
function tune(): void {
  for (const name of readdirSync(ksm)) read(name);
  pages = pages >= 1250 ? 64 : pages + 300;
  write('pages_to_scan', pages);
  write('sleep_millisecs', 20);
  write('run', 1);
}

/** A process a read, as a shell has them. */
async function loop(): Promise<void> {
  done.reads += 2;
  const child = spawn('cat', ['pages_sharing', 'pages_shared'], { cwd: ksm, stdio: 'ignore' });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) done.failed++;
}

const endMs = performance.now() + Number(seconds) * 1000;

async function every(intervalSeconds: number, task: () => void | Promise<void>): Promise<void> {
  const intervalMs = (intervalSeconds / Number(times)) * 1000;
  for (let dueMs = performance.now(); dueMs < endMs; dueMs += intervalMs) {
    await delay(Math.max(0, dueMs - performance.now()));
    await task();
  }
}

await Promise.all([
  every(SCRAPE_SECONDS, scrape),
  every(TUNE_SECONDS, tune),
  every(LOOP_SECONDS, loop),
]);
process.stdout.write(JSON.stringify(done));
