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
  'overcommit',
  'profile',
  'growth',
  'standing-start-worst',
  'standing-start-best',
  'upload',
  'status-latency',
] as const;
export type Phase = (typeof PHASES)[number];

export interface Row {
  readonly phase: Phase;
  readonly what: string;
  readonly ksmdSeconds?: number;
  readonly kernelSeconds?: number;
  /** Kernel's time over ksmd's. */
  readonly ratio?: number;
  /** What the seed measured on a Core 2 in 2009, in seconds. */
  readonly seedSeconds?: number;
  /** What is asked of it, in words. */
  readonly goal: string;
  readonly met?: boolean;
  /** Other figures, by name with their unit. */
  readonly figures?: Readonly<Record<string, number | string>>;
  readonly ksmdSamples?: readonly Sample[];
  readonly kernelSamples?: readonly Sample[];
}
