/**
 * The last ten minutes, a sample a second: what rates are reckoned from, and what a picture of
 * memory over time is drawn from.
 *
 * Reads shared counters only, walks nothing, and costs the scanner nothing.
 */
import type { Sample } from '../../protocol/history.js';
import type { Timers } from '../timers.js';

export const SAMPLE_EVERY_MS = 1000;
export const MAX_SAMPLES = 600;

export class History {
  private readonly kept: Sample[] = [];
  private readonly listeners = new Set<(sample: Sample) => void>();
  /** Takes no more samples. */
  readonly stop: () => void;

  /** Before each sample, `ready` is waited for, if there is one. */
  constructor(
    private readonly take: () => Sample,
    timers: Timers,
    ready?: () => Promise<void>,
  ) {
    this.kept.push(take());
    const add = (): void => this.add();
    this.stop = timers.every(
      SAMPLE_EVERY_MS,
      ready === undefined ? add : () => void ready().then(add),
    );
  }

  /** Oldest first. */
  get samples(): readonly Sample[] {
    return this.kept;
  }

  /** The oldest sample that is at most `ms` older than now, and one taken now. */
  span(ms: number): { readonly before: Sample; readonly now: Sample } {
    const now = this.take();
    return { before: this.kept.find(({ atMs }) => atMs >= now.atMs - ms) ?? now, now };
  }

  /** Calls `listener` with every sample from now on, until the returned function is called. */
  subscribe(listener: (sample: Sample) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private add(): void {
    const sample = this.take();
    this.kept.push(sample);
    if (this.kept.length > MAX_SAMPLES) this.kept.shift();
    for (const listener of this.listeners) listener(sample);
  }
}
