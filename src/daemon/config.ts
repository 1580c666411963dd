/** What a daemon is started with. All of it has been looked over: nothing here is out of range. */
import type { KhugepagedTunable } from '../khugepaged/tunables.js';
import type { ProfileName } from '../ksm/kernels.js';
import type { Assignments } from '../ksm/tunables.js';
import type { LogLevel, SysfsCarrier } from '../names.js';
import type { Prices } from '../prices/prices.js';
import type { SnapshotFile } from '../snapshot/restore.js';
import type { Limits } from './http/limits.js';
import type { TcpAddress } from './http/tcp.js';

export interface DaemonConfig {
  readonly socketPath: string;
  readonly memoryBytes: number;
  readonly pageSize: number;
  /** Stored of each page: all of it, or fewer, a fingerprint. */
  readonly frameBytes: number;
  /** Of pages that are held as fingerprints, a sample of one in so many: 1 of all. */
  readonly oneIn: number;
  readonly kernel: ProfileName;
  /** Which recorded kernel that is like, and what it was found by, where there is more to say. */
  readonly kernelNote?: string | undefined;
  /**
   * Written in this order, over what the snapshot has. Where neither has `run`, it is 1; of the
   * others the kernel's defaults hold.
   */
  readonly tunables: Assignments;
  /** Of khugepaged, where the kernel's defaults hold otherwise. */
  readonly khugepaged: readonly (readonly [KhugepagedTunable, number])[];
  /** What a kernel's work is counted at. */
  readonly prices: Prices;
  readonly limits: Limits;
  /** Absent: no TCP. */
  readonly http?: TcpAddress | undefined;
  /** Where to keep the kernel's files, and as what: mounts where they can be had, unless said. */
  readonly sysfs?:
    | { readonly directory: string; readonly as: SysfsCarrier | undefined }
    | undefined;
  /** How long a store waits for a free frame. */
  readonly oomTimeoutMs: number;
  /** Absent: a host without guests. */
  readonly restore?: SnapshotFile | undefined;
  readonly logLevel: LogLevel;
  /** Absent: standard output. */
  readonly logFile?: string | undefined;
  /** What is written there of a line of the log; absent: the line, JSON, as it is. */
  readonly logLine?: ((json: string) => string) | undefined;
}
