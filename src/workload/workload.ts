/**
 * Workloads: programs a guest can run against a region of its memory.
 *
 * A workload sees pages, a pace and a tally, nothing else; the same code runs on a thread of the
 * daemon and in a test. It ends when it has done its work or is asked to stop. A store that finds
 * no frame is tried again until it goes through, and counted.
 */

/**
 * The region a workload runs in. `page` counts from 0; `offset` and the length of the bytes stay
 * within a page.
 */
export interface GuestMemory {
  readonly pageSize: number;
  readonly pages: number;
  load(page: number, offset: number, target: Uint8Array): void;
  /** False if no frame came free in time: nothing was stored. */
  store(page: number, offset: number, source: Uint8Array): boolean;
}

export interface Pace {
  nowMs(): number;
  shouldStop(): boolean;
  /** Sleeps, for less if asked to stop. */
  sleep(ms: number): void;
}

/** What a workload has done so far. */
export class Tally {
  stores = 0;
  loads = 0;
  /** Stores and pages read back and held against what they should be. */
  verified = 0;
  /** Of those, not what they should be: bytes were lost. */
  wrong = 0;
  /** Pages left alone, as somebody else has written them. */
  foreign = 0;
  /** Stores tried again because no frame was free. */
  retries = 0;
}

export interface WorkloadOptions {
  readonly seed: number;
  /** Stores a second; 0 for as many as it can. */
  readonly rate: number;
  /** How many of the region's pages are written at random. */
  readonly spreadPages: number;
  /** ksmpages: every page equal, or equal but for its last eight bytes. */
  readonly best: boolean;
  /** ksmpages: go on reading the end of every page. */
  readonly readLoop: boolean;
}

export type Workload = (
  memory: GuestMemory,
  options: WorkloadOptions,
  pace: Pace,
  tally: Tally,
) => void;

/** Stores, trying again as long as frames lack. False if asked to stop first. */
export function storeOrRetry(
  memory: GuestMemory,
  page: number,
  offset: number,
  source: Uint8Array,
  pace: Pace,
  tally: Tally,
): boolean {
  while (!memory.store(page, offset, source)) {
    tally.retries++;
    if (pace.shouldStop()) return false;
  }
  tally.stores++;
  return true;
}

/** Keeps to `rate` operations a second: sleeps when ahead. 0: never sleeps. */
export class Governor {
  private readonly startMs: number;

  constructor(
    private readonly rate: number,
    private readonly pace: Pace,
  ) {
    this.startMs = pace.nowMs();
  }

  /** To be called with how many operations were done since the start. */
  keep(done: number): void {
    if (this.rate === 0) return;
    const aheadMs = (done / this.rate) * 1000 - (this.pace.nowMs() - this.startMs);
    if (aheadMs >= 1) this.pace.sleep(aheadMs);
  }
}
