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
/** About. */
const TURN_SECONDS = 10;

/** What came of a stretch of time, or of several. */
export class Latencies {
  private readonly ms: number[] = [];
  private readonly done = { reads: 0, writes: 0, failed: 0 };

  get failed(): number {
    return this.done.failed;
  }

  add(answeredMs: readonly number[], { reads, writes, failed }: Done): void {
    this.ms.push(...answeredMs);
    this.done.reads += reads;
    this.done.writes += writes;
    this.done.failed += failed;
  }

  toString(): string {
    const sorted = [...this.ms].sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const { reads, writes, failed } = this.done;
    const times = [0.5, 0.99, 1].map((share) => at(share).toFixed(2)).join(', ');
    return `${times} ms; ${reads} reads, ${writes} writes, ${failed} failed`;
  }
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

/**
 * The same three by turns, so that all have what else goes on on the machine: status while nobody
 * reads; while the clients work on a copy of the files, for which the daemon has nothing to do; and
 * while they work on the files.
 */
export async function byTurns(
  daemon: LoadedDaemon,
  sysfs: string,
  { seconds, times }: Pace,
): Promise<ReadonlyMap<string, Latencies>> {
  const ksm = join(sysfs, 'kernel/mm/ksm');
  const copies = mkdtempSync(join(tmpdir(), 'ksmd-files-'));
  const turns = Math.max(1, Math.round(seconds / TURN_SECONDS));
  const turn = { seconds: seconds / turns, times };
  const nothing = { reads: 0, writes: 0, failed: 0 };
  const works: readonly (readonly [string, () => Promise<Done>])[] = [
    ['nobody reads', () => delay(turn.seconds * 1000, nothing)],
    ['copies of the files are read', () => readers(copies, turn)],
    ['the files are read', () => readers(ksm, turn)],
  ];
  const found = new Map(works.map(([what]) => [what, new Latencies()]));
  try {
    for (const name of readdirSync(ksm))
      writeFileSync(join(copies, name), readFileSync(join(ksm, name)));
    for (let i = 0; i < turns; i++)
      for (const [what, work] of works) await measure(daemon, work(), found.get(what));
    return found;
  } finally {
    rmSync(copies, { recursive: true });
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

async function measure(
  { client }: LoadedDaemon,
  work: Promise<Done>,
  latencies: Latencies | undefined,
): Promise<void> {
  const answeredMs: number[] = [];
  let done: Done | undefined;
  void work.then((result) => {
    done = result;
  });
  while (done === undefined) {
    const begunMs = performance.now();
    await client.status();
    answeredMs.push(performance.now() - begunMs);
    await delay(ASK_EVERY_MS);
  }
  latencies?.add(answeredMs, done);
}
