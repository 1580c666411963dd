/**
 * Time as src/ksm gets it: from whoever drives the scan. The pruning of chains and the advisor go
 * by it, and nothing else.
 */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  nowMs(): number;
  /** Milliseconds of processor time the scanner has used. */
  cpuMs(): number;
  /** Milliseconds between two ticks of the kernel's timer, by which naps end; absent: 0. */
  readonly tickMs?: number;
}

/** Of Debian's kernels, which tick 250 times a second. */
export const DEFAULT_TICK_MS = 4;

/** A clock that moves only when it is set: for replays and tests. */
export class ManualClock implements Clock {
  constructor(
    public now = 0,
    public cpu = 0,
    readonly tickMs = 0,
  ) {}

  nowMs(): number {
    return this.now;
  }

  cpuMs(): number {
    return this.cpu;
  }
}
