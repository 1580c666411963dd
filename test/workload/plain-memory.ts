/** A region as plain bytes, and time that passes only when it is slept. */
import {
  type GuestMemory,
  type Pace,
  Tally,
  type Workload,
  type WorkloadOptions,
} from '../../src/workload/workload.js';

export const OPTIONS: WorkloadOptions = {
  seed: 1,
  rate: 0,
  spreadPages: 16,
  best: false,
  readLoop: false,
};

export class PlainMemory implements GuestMemory {
  readonly bytes: Uint8Array;
  readonly stored: number[] = [];
  /** So many stores find no frame. */
  full = 0;
  /** Called before each load. */
  onLoad: () => void = () => undefined;

  constructor(
    readonly pages: number,
    readonly pageSize = 128,
  ) {
    this.bytes = new Uint8Array(pages * pageSize);
  }

  load(page: number, offset: number, target: Uint8Array): void {
    this.onLoad();
    this.assertWithin(page, offset, target);
    target.set(
      this.bytes.subarray(
        page * this.pageSize + offset,
        page * this.pageSize + offset + target.length,
      ),
    );
  }

  store(page: number, offset: number, source: Uint8Array): boolean {
    this.assertWithin(page, offset, source);
    if (this.full-- > 0) return false;
    this.bytes.set(source, page * this.pageSize + offset);
    this.stored.push(page);
    return true;
  }

  page(page: number): Uint8Array {
    return this.bytes.subarray(page * this.pageSize, (page + 1) * this.pageSize);
  }

  private assertWithin(page: number, offset: number, bytes: Uint8Array): void {
    const within =
      Number.isInteger(page) &&
      page >= 0 &&
      page < this.pages &&
      offset >= 0 &&
      offset + bytes.length <= this.pageSize;
    if (!within) throw new RangeError(`${bytes.length} bytes at ${offset} of page ${page}`);
  }
}

/** Says stop at the question number `stopAt`. */
export class ManualPace implements Pace {
  now = 0;
  asked = 0;
  readonly slept: number[] = [];

  constructor(private readonly stopAt = Number.POSITIVE_INFINITY) {}

  nowMs(): number {
    return this.now;
  }

  shouldStop(): boolean {
    return ++this.asked > this.stopAt;
  }

  sleep(ms: number): void {
    this.slept.push(ms);
    this.now += ms;
  }
}

export function run(
  workload: Workload,
  memory: GuestMemory,
  options: Partial<WorkloadOptions> = {},
  pace: Pace = new ManualPace(),
): Tally {
  const tally = new Tally();
  workload(memory, { ...OPTIONS, ...options }, pace, tally);
  return tally;
}
