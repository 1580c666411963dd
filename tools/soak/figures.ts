/** What a daemon's process takes, and how soon it answers: a figure a minute of a long run. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LoadedDaemon } from '../load/daemon.js';

/** So often while a minute lasts. */
const ASK_EVERY_MS = 50;

export interface Figures {
  readonly minute: number;
  /** At the end of the minute, when nothing but the lasting load is under way. */
  readonly residentMiB: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Of the answers to `status` in that minute. */
  readonly p99Ms: number;
  readonly verified: number;
  readonly wrong: number;
}

/** What the kernel says of the process. */
export function processFigures(
  pid: number,
): Pick<Figures, 'residentMiB' | 'descriptors' | 'threads'> {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    residentMiB: Math.round(number('VmRSS') / 1024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: number('Threads'),
  };
}

/** Asks for the status every so often, and keeps how long each answer took. */
export class Answers {
  private times: number[] = [];
  private readonly timer: NodeJS.Timeout;
  private isAsked = false;

  constructor({ client }: LoadedDaemon) {
    this.timer = setInterval(() => {
      // One at a time: what is late counts as late once.
      if (this.isAsked) return;
      this.isAsked = true;
      const start = performance.now();
      client.status().then(
        () => {
          this.times.push(performance.now() - start);
          this.isAsked = false;
        },
        () => clearInterval(this.timer),
      );
    }, ASK_EVERY_MS);
  }

  /** Of the answers since it was last asked, what 99 of 100 took at most. */
  p99(): number {
    const times = this.times.sort((a, b) => a - b);
    this.times = [];
    return times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  }

  end(): void {
    clearInterval(this.timer);
  }
}

/**
 * What grew in a run: its last third against its first, once all is warm. A run that is no longer
 * than that cannot tell.
 */
export function growth(figures: readonly Figures[], warmUpMinutes: number): string[] {
  const warm = figures.filter(({ minute }) => minute > warmUpMinutes);
  const third = Math.ceil(warm.length / 3);
  if (third === 0) return [];
  return (['residentMiB', 'descriptors', 'threads'] as const).flatMap((name) => {
    const [before = 0, after = 0] = [warm.slice(0, third), warm.slice(-third)].map((part) =>
      median(part.map((each) => each[name])),
    );
    return after > before + ALLOWED[name](before)
      ? [`${name} grew from ${before} to ${after}`]
      : [];
  });
}

/** A heap breathes; of descriptors and threads some are just coming or going. */
const ALLOWED = {
  residentMiB: (before: number) => before / 10,
  descriptors: () => 4,
  threads: () => 2,
};

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
