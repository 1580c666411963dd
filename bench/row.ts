/** A line of the bench's tables. */
import type { Sample } from './sides/side.js';

export const PHASES = [
  'worst-2',
  'worst-3',
  'worst-4',
  'best-1',
  'best-2',
  'rescan-unshared',
  'rescan-merged',
  'read-loop',
  'broken-merge',
  'ksm01',
  'overcommit',
  'profile',
  'growth',
  'change-detection',
  'standing-start-worst',
  'standing-start-best',
  'upload',
  'status-floor',
  'status-latency',
  'status-latency-busy',
  'daemon-worst',
  'dashboard',
  'fingerprints',
  'virtual-visits',
  'images',
  'capture',
  'register',
] as const;
export type Phase = (typeof PHASES)[number];

/**
 * What a phase counted, by name: the same every time with the same size, profile and seed,
 * whatever the machine.
 */
export type Work = Readonly<Record<string, number | string>>;

export interface Row {
  readonly phase: Phase;
  readonly what: string;
  readonly ksmdSeconds?: number;
  readonly kernelSeconds?: number;
  /** What a side came to where that is no time. */
  readonly ksmdWords?: string;
  readonly kernelWords?: string;
  /** Kernel's time over ksmd's. */
  readonly ratio?: number;
  /** What is asked of it, as text. */
  readonly goal: string;
  readonly met?: boolean;
  /** Other figures, by name with their unit. */
  readonly figures?: Readonly<Record<string, number | string>>;
  /** Goes into the hash of the work. */
  readonly work: Work;
  /** Lines to be printed as they are. */
  readonly listing?: readonly string[];
  /**
   * Free memory of a host of HOST_COPIES guests' size if none of its pages were merged: samples
   * count from there.
   */
  readonly freeUnmergedBytes?: number;
  readonly ksmdSamples?: readonly Sample[];
  readonly kernelSamples?: readonly Sample[];
}

/**
 * The host that free memory is shown of: as large as so many guests, like the seed's of 4 GiB for
 * guests of 1 GiB.
 */
export const HOST_COPIES = 4;
