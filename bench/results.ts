/**
 * What a bench comes to: what was asked of it, where it ran, and its rows. Everything that the
 * reports show.
 */
import { cpus, release } from 'node:os';
import prettyBytes from 'pretty-bytes';
import type { ProfileName } from '../src/ksm/kernels.js';
import type { Row } from './row.js';

export interface Results {
  /** Bytes of a guest. */
  readonly guestBytes: number;
  /** The kernel that ksmd follows. */
  readonly profile: ProfileName;
  readonly seed: number;
  /** Whether the running kernel was measured too. */
  readonly runningKernel: boolean;
  /** The command line that repeats it. */
  readonly command: string;
  readonly rows: readonly Row[];
  /** Of all rows' work. */
  readonly workHash: string;
}

export function machineLine(): string {
  return (
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Linux ${release()}, ` +
    `Node.js ${process.version}`
  );
}

/** What was measured, in a line. */
export function settingsLine({ guestBytes, profile, seed, runningKernel }: Results): string {
  const beside = runningKernel
    ? 'beside the running kernel'
    : 'alone (--with-running-kernel switches this host’s KSM on and measures it too)';
  return (
    `${prettyBytes(guestBytes, { binary: true })} a guest, ksmd as in Linux ${profile}, ` +
    `${beside}; seed ${seed}`
  );
}
