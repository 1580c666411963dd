/**
 * Sweeps of `ksmd capture` over live processes, measured: how fast they are beside a bare read of
 * the same memory, what they take, and how fast the processes are meanwhile. By the time that a
 * processor was at it, as a sweep gives way to all others. What is good enough it does not say.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { SweepReport } from '../../src/recording/capture/capture.js';
import { bareRead } from './bare-read.js';
import { Capturing } from './capturing.js';
import type { LiveHost } from './live-host.js';

/** Sweeps of resting memory that are measured. */
const SWEEPS = 6;
const BYTES_A_PAGE = 20;
const BYTES_BESIDES = 100 * 2 ** 20;

export interface MeasuredSweeps {
  readonly first: SweepReport;
  readonly resting: readonly RestingSweep[];
  /** The fastest sweep of resting memory, of the fastest bare read. */
  readonly share: number;
  /** At most, and what it may be. */
  readonly residentBytes: number;
  readonly allowedBytes: number;
  /** Of the processes beside the capture, of their speed alone. */
  readonly ownSpeed: number;
}

export interface RestingSweep {
  readonly report: SweepReport;
  /** Bytes a millisecond of a processor. */
  readonly rate: number;
  readonly bareRate: number;
}

/**
 * For `workingMs` the processes are watched at their own work, alone and beside the capture. Each
 * sweep is `told` once it is measured.
 */
export async function measureSweeps(
  host: LiveHost,
  folder: string,
  workingMs: number,
  told: (sweep: RestingSweep) => void,
): Promise<MeasuredSweeps> {
  const alone = await speed(host, workingMs);
  host.pause();
  const capturing = new Capturing(host.pids, join(folder, 'sweeps.rec'), [
    ...['--interval', '1ms', '--duration', '10h'],
  ]);
  try {
    const first = await nextSweep(capturing);
    const resting: RestingSweep[] = [];
    for (let i = 0; i < SWEEPS; i++) {
      const report = await nextSweep(capturing);
      // Shared pages are read once by a sweep, and by the bare read as often as they are mapped.
      const bare = await pausedCapture(capturing, () => bareRead(host.pids.slice(0, 1)));
      const whole = await pausedCapture(capturing, () => bareRead(host.apart));
      const bytes = bare.bytes + whole.bytes;
      const bareRate = bytes / (bare.processorMs + whole.processorMs);
      const sweep = { report, rate: bytes / report.processorMs, bareRate };
      resting.push(sweep);
      told(sweep);
      // The one that went on beside the bare read is not measured.
      await nextSweep(capturing);
    }
    host.goOn();
    const beside = await speed(host, workingMs);
    // Memory is at times half as fast, for seconds: the fastest of each are compared.
    const fastest = (rates: readonly number[]): number => Math.max(...rates);
    return {
      first,
      resting,
      share:
        fastest(resting.map(({ rate }) => rate)) / fastest(resting.map(({ bareRate }) => bareRate)),
      residentBytes: capturing.mostResidentBytes,
      allowedBytes: BYTES_A_PAGE * first.pages + BYTES_BESIDES,
      ownSpeed: beside / alone,
    };
  } finally {
    capturing.kill('SIGINT');
    await capturing.ended();
  }
}

async function nextSweep(capturing: Capturing): Promise<SweepReport> {
  const sweep = await capturing.sweep();
  if (sweep === undefined) throw new Error(`capture fails: ${capturing.complaints}`);
  return sweep;
}

async function pausedCapture<T>(capturing: Capturing, work: () => Promise<T>): Promise<T> {
  capturing.kill('SIGSTOP');
  try {
    return await work();
  } finally {
    capturing.kill('SIGCONT');
  }
}

/** Turns a second. */
async function speed(host: LiveHost, workingMs: number): Promise<number> {
  await host.turns();
  const begin = performance.now();
  await setTimeout(workingMs);
  return (await host.turns()) / (performance.now() - begin);
}
