/**
 * A host whose clock counts the pages it has scanned, so that chains are pruned at the same pages
 * every time and all counters come out the same. The clock is about right on a machine of the
 * day; how long anything takes is measured elsewhere. Batches follow each other without a nap.
 */
import { ManualClock } from '../../src/ksm/clock.js';
import { Host, type HostOptions } from '../../src/ksm/host.js';
import { VirtualScanner } from '../../src/ksm/virtual-scanner.js';

const MS_A_PAGE = 0.002;
const BATCH_PAGES = 4096;

export class ScannedHost {
  readonly host: Host;
  /** Pages scanned so far. */
  scanned = 0;
  private readonly clock = new ManualClock();
  private readonly scanner: VirtualScanner;
  private batchPages = 0;

  constructor(options: HostOptions) {
    this.host = Host.create(options, this.clock);
    this.scanner = new VirtualScanner(this.host.ksm, this.clock);
    this.host.files.set('sleep_millisecs', 0);
    this.host.files.set('run', 1);
  }

  /** A batch of at most so many pages. False if the full scan ended with it. */
  scan(pages: number): boolean {
    if (pages !== this.batchPages) this.host.files.set('pages_to_scan', pages);
    this.batchPages = pages;
    const done = this.scanner.batch();
    this.scanned += done;
    this.clock.now = this.scanned * MS_A_PAGE;
    return done === pages;
  }

  /** Scans to the end of the full scan under way. */
  finishFullScan(): void {
    while (this.scan(BATCH_PAGES));
  }
}
