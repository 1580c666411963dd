/**
 * How many pages forks share, for whoever tells of savings: status, report, metrics and samples.
 *
 * Nothing is looked at where no guest was forked. Few pages are counted for everybody who asks;
 * many in slices, at most once a second, and until the next count what was found stands, with its
 * age.
 */
import { CTL_REGIONS_EPOCH } from '../../core/layout.js';
import { countForkSharing, type Family, families, pagesOf } from '../../inspect/fork-sharing.js';
import type { Host } from '../../ksm/host.js';
import { finish } from '../../machine/long-work.js';
import { inSlices } from '../slices.js';

/** Looked at in a fraction of a millisecond. */
const FEW_PAGES = 16_384;
const COUNT_EVERY_MS = 1000;

export interface ForkShared {
  readonly pages: number;
  /** Since they were counted; 0 if that was just now. */
  readonly ageMs: number;
}

const NONE: ForkShared = { pages: 0, ageMs: 0 };

export class ForkSharing {
  private counted = { pages: 0, atMs: 0, epoch: -1 };
  private underWay: Promise<void> | undefined;
  private begunAtMs = Number.NEGATIVE_INFINITY;
  /** Regions changed while the last count was under way. */
  private gaveUp = false;

  constructor(
    private readonly host: Host,
    /** Whether nobody is changing guests: a fork is not counted when it is half done. */
    private readonly isQuiet: () => boolean = () => true,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** What is known at this moment. */
  known(): ForkShared {
    const found = families(this.host);
    if (found.length === 0) return NONE;
    if (pagesOf(this.host, found) <= FEW_PAGES)
      return { pages: finish(countForkSharing(this.host, found)) ?? 0, ageMs: 0 };
    if (this.isDue) this.begin(found);
    const { pages, atMs } = this.counted;
    return { pages, ageMs: Math.round(this.nowMs() - atMs) };
  }

  /**
   * Resolves when what is known was counted since regions last changed; or at once where they are
   * changing, and after a count that another change has ended, for there may be no end of changes.
   */
  async ready(): Promise<void> {
    for (let counts = 0; counts < 2; counts++) {
      const found = families(this.host);
      if (this.counted.epoch === this.epoch || pagesOf(this.host, found) <= FEW_PAGES) return;
      if (this.isDue) this.begin(found);
      await this.underWay;
    }
  }

  private get epoch(): number {
    return Atomics.load(this.host.machine.memory.i32, CTL_REGIONS_EPOCH);
  }

  private get isDue(): boolean {
    if (this.underWay !== undefined || !this.isQuiet()) return false;
    const isOfOthers = this.counted.epoch !== this.epoch && !this.gaveUp;
    return isOfOthers || this.nowMs() - this.begunAtMs >= COUNT_EVERY_MS;
  }

  private begin(found: readonly Family[]): void {
    this.begunAtMs = this.nowMs();
    const { epoch } = this;
    this.underWay = inSlices(countForkSharing(this.host, found)).then((pages) => {
      this.underWay = undefined;
      this.gaveUp = pages === undefined;
      if (pages !== undefined) this.counted = { pages, atMs: this.nowMs(), epoch };
    });
  }
}
