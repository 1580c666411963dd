/**
 * What one client may take: each a flag of `ksmd start`, so that a slow, dead or greedy one holds
 * up nobody.
 */

export interface Limits {
  /** Bytes of a JSON body. Uploads are bounded by the regions they go to. */
  readonly maxBodyBytes: number;
  readonly maxGuests: number;
  readonly maxRegions: number;
  /** Workloads that run at a time. */
  readonly maxWorkloads: number;
  /** Connections at a time; more are closed at once. */
  readonly maxConnections: number;
  /** How long the head of a request may take, all of it. */
  readonly headerTimeoutMs: number;
  /**
   * How long a body, or the reading of an answer, may take to move on. However long it takes in
   * all, while it moves it is let be.
   */
  readonly bodyTimeoutMs: number;
  /** How long a connection may stay open between two requests. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxBodyBytes: 2 ** 20,
  maxGuests: 1024,
  maxRegions: 16384,
  maxWorkloads: 64,
  maxConnections: 256,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
};
