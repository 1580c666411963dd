/**
 * Time as src/ksm gets it: from whoever drives the scan. Chains are pruned and the advisor advises
 * by it; nothing else depends on it.
 */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  nowMs(): number;
  /** Milliseconds of processor time the scanner has used. */
  cpuMs(): number;
}

/** A clock that moves only when it is set: for replays and tests. */
export class ManualClock implements Clock {
  constructor(
    public now = 0,
    public cpu = 0,
  ) {}

  nowMs(): number {
    return this.now;
  }

  cpuMs(): number {
    return this.cpu;
  }
}
