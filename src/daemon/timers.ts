/** Time as the daemon's parts get it, so that tests can turn it by hand. */
export interface Timers {
  /**
   * Calls `tick` every `ms` until the returned function is called. Does not keep the process alive.
   */
  every(ms: number, tick: () => void): () => void;
}

export const SYSTEM_TIMERS: Timers = {
  every(ms, tick) {
    const timer = setInterval(tick, ms).unref();
    return () => clearInterval(timer);
  },
};

/**
 * Milliseconds of one origin in all threads: what the scanner dates outlives its thread. That clock
 * cannot be set, unlike the one that `performance.timeOrigin` was read from as the thread began.
 */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
