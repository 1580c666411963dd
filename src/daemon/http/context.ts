/** What the routes work on. */
import type { Host } from '../../ksm/host.js';
import type { EventFeed } from '../feeds/event-feed.js';
import type { ForkSharing } from '../feeds/fork-sharing.js';
import type { History } from '../feeds/history.js';
import type { LiveFeed } from '../feeds/live-feed.js';
import type { LiveStreams } from '../feeds/live-streams.js';
import type { Log } from '../log/log.js';
import type { Metrics } from '../metrics/metrics.js';
import type { KernelFiles } from '../sysfs/kernel-files.js';
import type { GuestThreads } from '../threads/guest-threads.js';
import type { Profiling } from '../threads/profiling.js';
import type { Scanner } from '../threads/scanner.js';
import type { Standstill } from '../threads/standstill.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Drops } from './drops.js';
import type { Uploads } from './uploads.js';

export interface Context {
  readonly host: Host;
  /** To have the machine alone: whatever changes guests, or looks at all of them. */
  readonly standstill: Standstill;
  readonly scanner: Scanner;
  readonly tunables: TunableWrites;
  /** Absent without --sysfs. */
  readonly kernelFiles: KernelFiles | undefined;
  readonly threads: GuestThreads;
  readonly log: Log;
  readonly events: EventFeed;
  readonly forks: ForkSharing;
  readonly history: History;
  readonly live: LiveFeed;
  readonly metrics: Metrics;
  readonly streams: LiveStreams;
  readonly uploads: Uploads;
  readonly drops: Drops;
  readonly profiling: Profiling;
  /** performance.now() at the start. */
  readonly startedAtMs: number;
  /** Begins to stop the daemon. */
  readonly stop: (reason: string) => void;
}
