/**
 * How fast sweeps are, and what they take and cost: by the time that a processor was at it, as a
 * sweep gives way to all others.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bareRead } from './bare-read.js';
import { Capturing } from './capturing.js';
import type { LiveHost } from './live-host.js';

const LEAST_SHARE = 0.7;
const PAGE_BYTES = 4096;
const BYTES_A_PAGE = 20;
const BYTES_BESIDES = 100 * 2 ** 20;
/** Sweeps of resting memory that are measured, and as long the processes work on. */
const SWEEPS = 6;
const WORKING_MS = 10_000;
/** Slower work beside a capture is held up; no machine is steadier than that by itself. */
const LEAST_SPEED = 0.9;

export async function swept(host: LiveHost, folder: string): Promise<boolean> {
  const alone = await speed(host);
  host.pause();
  const capturing = new Capturing(host.pids, join(folder, 'sweeps.rec'), [
    ...['--interval', '1ms', '--duration', '10h'],
  ]);
  const first = await capturing.sweep();
  if (first === undefined) throw new Error(`capture fails: ${capturing.complaints}`);
  const rates: number[] = [];
  const bareRates: number[] = [];
  for (let i = 0; i < SWEEPS; i++) {
    const sweep = await capturing.sweep();
    if (sweep === undefined) throw new Error(`capture fails: ${capturing.complaints}`);
    // Shared pages are read once by a sweep, and by the bare read as often as they are mapped.
    const bare = await pausedCapture(capturing, () => bareRead(host.pids.slice(0, 1)));
    const whole = await pausedCapture(capturing, () => bareRead(host.apart));
    const bareRate = (bare.bytes + whole.bytes) / (bare.processorMs + whole.processorMs);
    const rate = (bare.bytes + whole.bytes) / sweep.processorMs;
    rates.push(rate);
    bareRates.push(bareRate);
    console.log(
      `sweep ${sweep.sweep}: ${sweep.changedPages} changed, ${gigabytes(rate)} GB/s; bare read ` +
        `and hash ${gigabytes(bareRate)} GB/s`,
    );
    // The one that went on beside the bare read is not measured.
    await capturing.sweep();
  }
  host.goOn();
  const beside = await speed(host);
  const allowed = BYTES_A_PAGE * first.pages + BYTES_BESIDES;
  const resident = capturing.mostResidentBytes;
  capturing.kill('SIGINT');
  await capturing.ended();
  // Memory here is at times half as fast, for seconds: the fastest of each are compared.
  const share = Math.max(...rates) / Math.max(...bareRates);
  console.log(
    `fastest sweep and bare read: ${(share * 100).toFixed(0)} %; first sweep: ` +
      `${gigabytes((first.pages * PAGE_BYTES) / first.durationMs)} GB/s; resident at ` +
      `most ${mebibytes(resident)} of ${mebibytes(allowed)} MiB; the processes' own speed ` +
      `${((beside / alone) * 100).toFixed(0)} %`,
  );
  return share >= LEAST_SHARE && resident <= allowed && beside / alone >= LEAST_SPEED;
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
async function speed(host: LiveHost): Promise<number> {
  await host.turns();
  const begin = performance.now();
  await setTimeout(WORKING_MS);
  return (await host.turns()) / (performance.now() - begin);
}

const gigabytes = (bytesAMillisecond: number): string => (bytesAMillisecond / 1e6).toFixed(2);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
