/**
 * Which samples are kept: of the last ten minutes one a second, of the day before these one in two
 * minutes. The daemon and the dashboard keep the same.
 *
 * The browser loads this as it is. Nothing but types is imported.
 */
import type { Sample } from './history.js';

export const SECONDS_KEPT = 600;
export const THINNED_TO_MS = 120_000;
/** A day. */
export const THINNED_KEPT = 720;

export class KeptSamples {
  private readonly thinned: Sample[] = [];
  private readonly seconds: Sample[] = [];
  /** Tunables that were set in samples that are not kept: told by the next that is. */
  private set: NonNullable<Sample['tunables']> = {};

  /** Of what another one keeps, all is. */
  constructor(samples: readonly Sample[] = []) {
    for (const sample of samples) this.add(sample);
  }

  add(sample: Sample): void {
    this.seconds.push(sample);
    if (this.seconds.length <= SECONDS_KEPT) return;
    const [oldest] = this.seconds.splice(0, 1);
    if (oldest !== undefined) this.thinOut(oldest);
  }

  /** Oldest first. */
  get all(): readonly Sample[] {
    return [...this.thinned, ...this.seconds];
  }

  private thinOut(sample: Sample): void {
    const { thinned } = this;
    const set = { ...this.set, ...sample.tunables };
    const last = thinned.at(-1);
    if (last !== undefined && sample.atMs - last.atMs < THINNED_TO_MS) {
      this.set = set;
      return;
    }
    this.set = {};
    thinned.push(Object.keys(set).length === 0 ? sample : { ...sample, tunables: set });
    if (thinned.length > THINNED_KEPT) thinned.shift();
  }
}
