/**
 * How fast `ksmd capture` sweeps live processes in which nothing changed, beside a bare read and
 * hash of the same memory in the same run; what it takes, and how fast the processes are at their
 * own work beside it. What `npm run recordings` holds against 8 GiB, at the bench's size.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LiveHost } from '../../tools/recordings/live-host.js';
import { measureSweeps } from '../../tools/recordings/measured-sweeps.js';
import { isAsItShouldBe, LEAST_SHARE, LEAST_SPEED } from '../../tools/recordings/swept.js';
import type { Progress } from '../progress.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const PROCESSES = 4;
const MIB = 2 ** 20;
const LONGEST_WORK_MS = 10_000;
/** A small host is a test's: its speed is nobody's business. */
const WORK_MS_A_MIB = 50;

export async function captureRow(memoryBytes: number, progress: Progress): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-bench-capture-'));
  writeFileSync(join(folder, 'key'), `${'5a'.repeat(32)}\n`, { mode: 0o600 });
  const host = await LiveHost.start(memoryBytes, PROCESSES);
  try {
    const workingMs = Math.min(LONGEST_WORK_MS, (memoryBytes / MIB) * WORK_MS_A_MIB);
    const measured = await measureSweeps(host, folder, workingMs, ({ report }) =>
      progress.begin(`capture, sweep ${report.sweep}`),
    );
    const { first, resting, share, residentBytes, allowedBytes, ownSpeed } = measured;
    const changedPages = resting.reduce((sum, { report }) => sum + report.changedPages, 0);
    const fastest = (rates: readonly number[]): number => gigabytes(Math.max(...rates));
    return {
      phase: 'capture',
      what: `a sweep of ${Math.round(memoryBytes / MIB)} MiB of live processes that rest`,
      ksmdSeconds: Math.min(...resting.map(({ report }) => report.processorMs)) / 1000,
      goal:
        `${LEAST_SHARE * 100} % of a bare read’s speed at least; ${LEAST_SPEED * 100} % of the ` +
        'processes’ own',
      met: isAsItShouldBe(measured),
      figures: {
        pages: first.pages,
        'GB/s of a processor': fastest(resting.map(({ rate }) => rate)),
        'bare read and hash': fastest(resting.map(({ bareRate }) => bareRate)),
        'of a bare read, %': percent(share),
        'first sweep, GB/s': gigabytes((first.pages * PAGE_SIZE) / first.processorMs),
        'peak RSS of capture, MiB': Math.round(residentBytes / MIB),
        'allowed, MiB': Math.round(allowedBytes / MIB),
        'processes’ own speed, %': percent(ownSpeed),
      },
      work: { pages: first.pages, sweeps: resting.length, changedPages },
    };
  } finally {
    host.stop();
    rmSync(folder, { recursive: true });
  }
}

const gigabytes = (bytesAMillisecond: number): number =>
  Number((bytesAMillisecond / 1e6).toFixed(2));
const percent = (share: number): number => Math.round(share * 100);
