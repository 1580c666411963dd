/** How soon the daemon tells its status while the kernel's files are read beside it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadedDaemon } from '../load/daemon.js';

const execute = promisify(execFile);
const READERS = fileURLToPath(new URL('./readers.ts', import.meta.url));
const GUEST_MIB = 64;
const ASK_EVERY_MS = 5;

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  readonly reads: number;
  readonly writes: number;
  readonly failed: number;
}

/** The clients of a whole hour, in so many seconds. */
interface Pace {
  readonly seconds: number;
  readonly times: number;
}

/** A guest that writes, and a scanner that is never done with it. */
export async function begin({ client }: LoadedDaemon): Promise<void> {
  const pages = (GUEST_MIB * 2 ** 20) / 4096;
  await client.run({ workload: 'dirty', guest: 'busy', pages, rate: 2000, seed: 1 });
  await client.setKsm({ run: 1, pages_to_scan: 1000, sleep_millisecs: 20 });
}

/** Status while nobody reads a file. */
export async function alone(daemon: LoadedDaemon, seconds: number): Promise<Latencies> {
  return measured(daemon, delay(seconds * 1000, { reads: 0, writes: 0, failed: 0 }));
}

/** Status while the clients work on the files of the daemon. */
export function onFiles(daemon: LoadedDaemon, sysfs: string, pace: Pace): Promise<Latencies> {
  return measured(daemon, readers(join(sysfs, 'kernel/mm/ksm'), pace));
}

/** Status while they work on a copy of the files, for which the daemon has nothing to do. */
export async function onCopies(
  daemon: LoadedDaemon,
  sysfs: string,
  pace: Pace,
): Promise<Latencies> {
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-files-'));
  try {
    const ksm = join(sysfs, 'kernel/mm/ksm');
    for (const name of readdirSync(ksm))
      writeFileSync(join(folder, name), readFileSync(join(ksm, name)));
    return await measured(daemon, readers(folder, pace));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Done {
  readonly reads: number;
  readonly writes: number;
  readonly failed: number;
}

async function readers(ksm: string, { seconds, times }: Pace): Promise<Done> {
  const args = ['--import', 'tsx', READERS, ksm, String(seconds), String(times)];
  const { stdout } = await execute(process.execPath, args);
  return JSON.parse(stdout) as Done;
}

async function measured({ client }: LoadedDaemon, task: Promise<Done>): Promise<Latencies> {
  const latencies: number[] = [];
  let done: Done | undefined;
  void task.then((result) => {
    done = result;
  });
  while (done === undefined) {
    const begunMs = performance.now();
    await client.status();
    latencies.push(performance.now() - begunMs);
    await delay(ASK_EVERY_MS);
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1), ...done };
}
