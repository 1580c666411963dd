/**
 * The daemon's life: memory, scanner and server come up in this order and go down in the reverse
 * one.
 *
 * Everything that can go wrong at the start is a FatalError, thrown; afterwards `ended` tells how
 * it ended. Signals are the caller's business.
 */
import { KsmdError, systemError } from '../errors.js';
import { savings } from '../inspect/savings.js';
import type { Clock } from '../ksm/clock.js';
import { readCounter } from '../ksm/counters.js';
import { Host } from '../ksm/host.js';
import type { ProfileName } from '../ksm/kernels.js';
import { rebuild } from '../ksm/rebuild.js';
import { RUN_MERGE } from '../ksm/run.js';
import type { LogLevel } from '../names.js';
import type { Sample } from '../protocol/history.js';
import type { SnapshotFile } from '../snapshot/restore.js';
import { VERSION } from '../version.js';
import { FatalError } from './fatal.js';
import { EventFeed, type Progress } from './feeds/event-feed.js';
import { History } from './feeds/history.js';
import { LiveFeed } from './feeds/live-feed.js';
import { LiveStreams } from './feeds/live-streams.js';
import type { Api } from './http/context.js';
import type { Limits } from './http/limits.js';
import { createServer } from './http/server.js';
import type { TcpAddress } from './http/tcp.js';
import { Uploads } from './http/uploads.js';
import { Log } from './log/log.js';
import { logSummaries } from './log/summary.js';
import { Metrics } from './metrics/metrics.js';
import { ServiceManager } from './service-manager.js';
import { listenPrivately, type OwnSocket, prepareSocketPath } from './socket.js';
import { KernelFiles } from './sysfs/kernel-files.js';
import { GuestThreads } from './threads/guest-threads.js';
import { Profiling } from './threads/profiling.js';
import { Reaper } from './threads/reaper.js';
import { Scanner } from './threads/scanner.js';
import { TunableWrites } from './threads/tunable-writes.js';
import { nowMs, SYSTEM_TIMERS } from './timers.js';

/** How long answers under way may take once the daemon stops. */
const LAST_ANSWERS_MS = 2000;
/** How soon a connection is closed once its answer is out. */
const SWEEP_MS = 20;

export interface DaemonConfig {
  readonly socketPath: string;
  readonly memoryBytes: number;
  readonly pageSize: number;
  readonly kernel: ProfileName;
  /** Absent: as the snapshot has it, or 1. */
  readonly run?: number | undefined;
  /** Absent: the kernel's default. */
  readonly pagesToScan?: number | undefined;
  readonly sleepMs?: number | undefined;
  readonly limits: Limits;
  /** Absent: no TCP. */
  readonly http?: TcpAddress | undefined;
  /** Where to keep the kernel's files. Absent: nowhere. */
  readonly sysfs?: string | undefined;
  /** How long a store waits for a free frame. */
  readonly oomTimeoutMs: number;
  /** Absent: a host without guests. */
  readonly restore?: SnapshotFile | undefined;
  readonly logLevel: LogLevel;
  /** Absent: standard output. */
  readonly logFile?: string | undefined;
}

export class Daemon {
  /**
   * Resolves when the daemon is down and its socket removed: with what went wrong, if anything did.
   */
  readonly ended: Promise<FatalError | undefined>;
  private end: (fatal: FatalError | undefined) => void = () => {};
  private stopping = false;
  /** Undefined until the daemon listens. */
  private socket: OwnSocket | undefined;
  private kernelFiles: KernelFiles | undefined;

  private constructor(
    private readonly log: Log,
    private readonly scanner: Scanner,
    private readonly serviceManager: ServiceManager,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  /** Resolves once the daemon listens. FatalError if it cannot. */
  static async start(config: DaemonConfig): Promise<Daemon> {
    await prepareSocketPath(config.socketPath);
    const log = new Log(config.logLevel, config.logFile);
    const { logger } = log;
    logger.info({ version: VERSION, pid: process.pid, node: process.version }, 'ksmd starts');

    let scanner: Scanner | undefined;
    const host = createHost(config, (change) =>
      scanner === undefined ? change() : scanner.quiesce(change),
    );
    const { memory } = host.machine;
    logger.info(
      { kernel: config.kernel, memoryBytes: config.memoryBytes, pageSize: config.pageSize },
      'memory reserved',
    );
    if (config.restore !== undefined) restore(config.restore, host);
    const reaper = new Reaper();
    scanner = await Scanner.start(memory, config.kernel, () => rebuild(host.ksm, nowMs()), reaper);
    if (config.pagesToScan !== undefined) await scanner.set('pages_to_scan', config.pagesToScan);
    if (config.sleepMs !== undefined) await scanner.set('sleep_millisecs', config.sleepMs);
    if (config.run !== undefined || config.restore === undefined)
      await scanner.set('run', config.run ?? RUN_MERGE);

    const daemon = new Daemon(log, scanner, new ServiceManager(logger));
    const events = new EventFeed(() => progress(host), SYSTEM_TIMERS);
    const startedAtMs = performance.now();
    const history = new History(() => sample(host, scanner, startedAtMs), SYSTEM_TIMERS);
    const live = new LiveFeed(host, () => scanner.state, history, events, SYSTEM_TIMERS);
    const streams = new LiveStreams();
    const uploads = new Uploads(host, scanner, config.oomTimeoutMs);
    const profiling = new Profiling(scanner, logger);
    const threads = new GuestThreads(
      host,
      config.oomTimeoutMs,
      config.limits.maxWorkloads,
      reaper,
      {
        died: ({ workload, guest, reason }) => {
          logger.error({ workload, guest, reason }, 'a guest thread died');
          events.warn(`workload ${workload} of guest '${guest}' died`);
        },
        waits: ({ workload, guest }) => {
          logger.warn({ workload, guest }, 'a store finds no free frame and waits for one');
          events.warn(`a store of workload ${workload} in guest '${guest}' waits for a free frame`);
        },
      },
    );
    const tunables = new TunableWrites(host, scanner);
    const context = {
      host,
      scanner,
      tunables,
      threads,
      log,
      events,
      history,
      live,
      metrics: new Metrics(host, scanner, threads),
      streams,
      uploads,
      profiling,
      startedAtMs,
      stop: (reason: string) => daemon.stop(reason),
    };
    const server = await createServer(context, config.limits);
    const tcpServer =
      config.http === undefined
        ? undefined
        : await createServer(context, config.limits, config.http);
    daemon.watchScanner(events);
    try {
      if (config.sysfs !== undefined)
        daemon.kernelFiles = KernelFiles.start(config.sysfs, context, logger, SYSTEM_TIMERS);
      daemon.socket = await listenPrivately(config.socketPath, (path) => server.listen({ path }));
      if (config.http !== undefined) await listenAt(tcpServer, config.http);
    } catch (error) {
      await scanner.stop();
      daemon.removeFiles();
      throw error;
    }
    logger.info(
      {
        socket: config.socketPath,
        ...(config.http === undefined ? {} : { http: config.http }),
        ...host.tunables(),
      },
      'listening',
    );
    void daemon.serviceManager.tell('READY=1', `STATUS=Listening on ${config.socketPath}`);
    const stopSummaries = logSummaries(logger, () => host.counters(), SYSTEM_TIMERS);
    daemon.takeDown = async () => {
      daemon.kernelFiles?.remove();
      stopSummaries();
      history.stop();
      profiling.interrupt();
      await threads.stopAll();
      await scanner.stop();
      streams.endAll();
      uploads.interruptAll();
      await Promise.all([
        closeServer(server),
        ...(tcpServer === undefined ? [] : [closeServer(tcpServer)]),
      ]);
    };
    return daemon;
  }

  private takeDown: () => Promise<void> = async () => {};

  /**
   * Finishes the scanner's slice, answers what is open, removes the socket; `ended` resolves then.
   * Does nothing the second time.
   */
  stop(reason: string): void {
    if (this.stopping) return;
    this.stopping = true;
    this.log.logger.info({ reason }, 'stopping');
    const told = this.serviceManager.tell('STOPPING=1');
    this.takeDown().then(
      async () => {
        await told;
        this.socket?.remove();
        this.log.logger.info('stopped');
        this.endWith(undefined);
      },
      (error: unknown) =>
        this.die(
          new FatalError('InternalFault', {
            code: 'EIO',
            message: `while stopping: ${describe(error)}`,
          }),
        ),
    );
  }

  /** The log goes on in a new file, if the old one has been moved away. */
  reopenLog(): void {
    this.log.reopen();
  }

  /** Something threw that nobody caught: the daemon's state cannot be trusted any more. */
  fault(error: unknown): void {
    this.die(new FatalError('InternalFault', { code: 'EIO', message: `${describe(error)}` }));
  }

  /** No more answers: the socket goes, and the process is to follow. */
  private die(fatal: FatalError): void {
    this.stopping = true;
    this.log.logger.fatal({ exitStatus: fatal.exitStatus }, fatal.line);
    this.removeFiles();
    this.endWith(fatal);
  }

  private removeFiles(): void {
    this.kernelFiles?.remove();
    this.socket?.remove();
  }

  private endWith(fatal: FatalError | undefined): void {
    void this.log.flush().then(() => this.end(fatal));
  }

  private watchScanner(events: EventFeed): void {
    const { logger } = this.log;
    this.scanner.on('died', (reason) => {
      logger.error({ reason }, 'the scanner died: another takes over');
      events.warn('the scanner died: another takes over');
    });
    this.scanner.on('restarted', (afterMs) =>
      logger.warn({ afterMs: Math.round(afterMs) }, 'the scanner is back'),
    );
    this.scanner.on('gaveUp', (reason) =>
      this.die(
        new FatalError('ScannerLost', {
          code: 'ECHILD',
          message: `the scanner died and could not be started again: ${reason}`,
        }),
      ),
    );
  }
}

function createHost(config: DaemonConfig, quiesce: <T>(change: () => T) => T): Host {
  const clock: Clock = { nowMs, cpuMs: () => 0 };
  try {
    const { memoryBytes, pageSize, kernel, limits } = config;
    return Host.create(
      { memoryBytes, pageSize, kernel, maxGuests: limits.maxGuests, maxRegions: limits.maxRegions },
      clock,
      quiesce,
    );
  } catch (error) {
    throw new FatalError('MemoryRefused', {
      code: 'ENOMEM',
      message: `${error instanceof Error ? error.message : error}`,
    });
  }
}

async function listenAt(server: Api | undefined, { host, port }: TcpAddress): Promise<void> {
  try {
    await server?.listen({ host, port });
  } catch (error) {
    throw new FatalError('ListenFailed', systemError(error, `cannot listen on ${host}:${port}`));
  }
}

function restore(snapshot: SnapshotFile, host: Host): void {
  try {
    snapshot.restoreTo(host, nowMs());
  } catch (error) {
    throw new FatalError('RestoreRefused', {
      code: error instanceof KsmdError ? error.code : 'EINVAL',
      message: `the snapshot cannot be restored: ${error instanceof Error ? error.message : error}`,
    });
  }
}

function progress(host: Host): Progress {
  const { memory } = host.machine;
  const { merges, cowBreaks } = host.totals();
  return {
    merges,
    breaks: cowBreaks,
    fullScans: readCounter(memory, 'full_scans'),
    pagesShared: readCounter(memory, 'pages_shared'),
    pagesSharing: readCounter(memory, 'pages_sharing'),
  };
}

function sample(host: Host, scanner: Scanner, startedAtMs: number): Sample {
  const { memory, frames, pageSize } = host.machine;
  const { pagesScanned, merges, cowBreaks } = host.totals();
  return {
    atMs: performance.now() - startedAtMs,
    usedBytes: frames.used * pageSize,
    freeBytes: (frames.total - frames.used) * pageSize,
    savedBytes: savings(host).bytes,
    pagesScanned,
    fullScans: readCounter(memory, 'full_scans'),
    merges,
    breaks: cowBreaks,
    scannerCpuMs: scanner.cpuMs,
  };
}

/**
 * Takes no more connections and waits for the answers under way; after a while those that remain
 * are cut off.
 */
async function closeServer(server: Api): Promise<void> {
  const sweep = setInterval(() => server.server.closeIdleConnections(), SWEEP_MS);
  const late = setTimeout(() => server.server.closeAllConnections(), LAST_ANSWERS_MS);
  await server.close();
  clearInterval(sweep);
  clearTimeout(late);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
