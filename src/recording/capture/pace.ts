/** How much of a processor capturing may take, and turns of the event loop in between. */
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Time, as it is told and as it passes: another one in tests. */
export interface CaptureClock {
  /** Milliseconds, from anywhere. */
  nowMs(): number;
  /** Milliseconds of a processor that this process has taken. */
  processorMs(): number;
  /** Ends early, without an error, once the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const HOST_CLOCK: CaptureClock = {
  nowMs: () => performance.now(),
  processorMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {}),
};

/** Between two turns of the event loop, at most. */
const TURN_MS = 20;

export class Pace {
  private turnedMs: number;
  private sinceMs: number;
  private sinceProcessorMs: number;

  constructor(
    private readonly clock: CaptureClock,
    /** Of one processor: 0.5 for half of one. */
    private readonly mostShare: number,
    private readonly signal: AbortSignal,
  ) {
    this.turnedMs = clock.nowMs();
    this.sinceMs = this.turnedMs;
    this.sinceProcessorMs = clock.processorMs();
  }

  /** To be awaited every few pages. Throws what the signal is aborted with. */
  async rest(): Promise<void> {
    const now = this.clock.nowMs();
    if (now - this.turnedMs < TURN_MS) return;
    const spent = this.clock.processorMs() - this.sinceProcessorMs;
    const tooEarlyMs = spent / this.mostShare - (now - this.sinceMs);
    if (tooEarlyMs > 0) await this.clock.sleep(tooEarlyMs, this.signal);
    else await setImmediate();
    this.signal.throwIfAborted();
    this.turnedMs = this.clock.nowMs();
  }

  /** What was not taken before is not taken later on top. */
  begin(): void {
    this.sinceMs = this.clock.nowMs();
    this.sinceProcessorMs = this.clock.processorMs();
  }
}
