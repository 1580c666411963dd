/**
 * A host whose clock counts the pages it has scanned, so that chains are pruned at the same pages
 * in every run and all counters come out the same. The clock is about right on a machine of the
 * day; how long anything takes is measured elsewhere.
 */
import { ManualClock } from '../../src/ksm/clock.js';
import { Host, type HostOptions } from '../../src/ksm/host.js';

const MS_A_PAGE = 0.002;
const BATCH_PAGES = 4096;

export class ScannedHost {
  readonly host: Host;
  /** Pages scanned so far. */
  scanned = 0;
  private readonly clock = new ManualClock();

  constructor(options: HostOptions) {
    this.host = Host.create(options, this.clock);
    this.host.set('run', 1);
  }

  /** A batch of at most so many pages. False if the full scan ended with it. */
  scan(pages: number): boolean {
    const done = this.host.ksm.scan(pages);
    this.scanned += done;
    this.clock.now = this.scanned * MS_A_PAGE;
    return done === pages;
  }

  /** Scans to the end of the full scan under way. */
  finishFullScan(): void {
    while (this.scan(BATCH_PAGES));
  }
}
