/**
 * The last ten minutes, a sample a second, and the day before, thinned out: what rates are reckoned
 * from, and what a picture of memory over time is drawn from. It has its bounds: some 300 KiB.
 *
 * Reads shared counters only, walks nothing, and costs the scanner nothing.
 */
import type { Sample } from '../../protocol/history.js';
import { KeptSamples } from '../../protocol/kept-samples.js';
import type { Timers } from '../timers.js';
import { changes, type Values } from './changes.js';

export const SAMPLE_EVERY_MS = 1000;

export class History {
  private readonly kept = new KeptSamples();
  private readonly listeners = new Set<(sample: Sample) => void>();
  /** Takes no more samples. */
  readonly stop: () => void;

  private tunables: Values;

  /** Before each sample, `ready` is waited for, if there is one. */
  constructor(
    private readonly take: () => Sample,
    private readonly readTunables: () => Values,
    timers: Timers,
    ready?: () => Promise<void>,
  ) {
    this.tunables = readTunables();
    this.kept.add(take());
    const add = (): void => this.add();
    this.stop = timers.every(
      SAMPLE_EVERY_MS,
      ready === undefined ? add : () => void ready().then(add),
    );
  }

  /** Oldest first. */
  get samples(): readonly Sample[] {
    return this.kept.all;
  }

  /** The oldest sample that is at most `ms` older than now, and one taken now. */
  span(ms: number): { readonly before: Sample; readonly now: Sample } {
    const now = this.take();
    return { before: this.samples.find(({ atMs }) => atMs >= now.atMs - ms) ?? now, now };
  }

  /** Calls `listener` with every sample from now on, until the returned function is called. */
  subscribe(listener: (sample: Sample) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private add(): void {
    const before = this.tunables;
    this.tunables = this.readTunables();
    const tunables = changes(before, this.tunables);
    const isSet = Object.keys(tunables).length > 0;
    const sample = isSet ? { ...this.take(), tunables } : this.take();
    this.kept.add(sample);
    for (const listener of this.listeners) listener(sample);
  }
}
