/**
 * What a daemon is made of, in the order in which it comes up; it goes down in the reverse one.
 *
 * A part is made from parts before it in the list, which are up by then. Between two parts stands
 * what need not be stopped. The socket's path comes first, because whoever waits for the daemon's
 * end waits for that path to be empty.
 */

import type { FastifyInstance } from 'fastify';
import { rebuild } from '../ksm/rebuild.js';
import { VERSION } from '../version.js';
import type { DaemonConfig } from './config.js';
import { FatalError } from './fatal.js';
import { eventCounts } from './feeds/event-counts.js';
import { EventFeed } from './feeds/event-feed.js';
import { ForkSharing } from './feeds/fork-sharing.js';
import { History } from './feeds/history.js';
import { LiveFeed } from './feeds/live-feed.js';
import { LiveStreams } from './feeds/live-streams.js';
import { sample } from './feeds/sample.js';
import type { Context } from './http/context.js';
import { Drops } from './http/drops.js';
import { Uploads } from './http/uploads.js';
import { KhugepagedPasses } from './khugepaged.js';
import { made, type Part } from './life-cycle.js';
import { close, listenAt, listening } from './listening.js';
import { Log } from './log/log.js';
import { logScanning } from './log/scanning.js';
import { Metrics } from './metrics/metrics.js';
import { furnish, newHost } from './new-host.js';
import { ServiceManager } from './service-manager.js';
import { SocketPath } from './socket.js';
import { KernelFiles } from './sysfs/kernel-files.js';
import { GuestThreads } from './threads/guest-threads.js';
import { tellingOfGuestThreads, tellOfScanner } from './threads/mishaps.js';
import { Profiling } from './threads/profiling.js';
import { Scanner } from './threads/scanner.js';
import { Standstill } from './threads/standstill.js';
import { TunableWrites } from './threads/tunable-writes.js';
import { nowMs, type Timers } from './timers.js';

/** Whose parts they are. */
export interface Owner {
  /** There is a log from here on. */
  logsTo(log: Log): void;
  /** Somebody asks the daemon to stop. */
  stop(reason: string): void;
  /** A part that was up cannot go on, and the daemon cannot without it. */
  die(fatal: FatalError): void;
}

/** The parts of one daemon. FatalError from whatever cannot be had. */
export function* daemonParts(
  config: DaemonConfig,
  owner: Owner,
  timers: Timers,
): Generator<Part, void, void> {
  const startedAtMs = performance.now();
  const path = yield* made({
    name: 'socket path',
    start: () => SocketPath.prepare(config.socketPath),
    stop: (path) => path.remove(),
    abandon: (path) => path.removeListening(),
  });
  const log = new Log(config.logLevel, timers, config.logFile, config.logLine);
  const { logger } = log;
  owner.logsTo(log);
  logger.info({ version: VERSION, pid: process.pid, node: process.version }, 'ksmd starts');

  let standstill: Standstill | undefined;
  const host = newHost(config, () => standstill?.assertHeld());
  const { kernel, kernelNote, memoryBytes, pageSize, frameBytes, oneIn } = config;
  const held = host.machine.holdsFingerprints
    ? { frameBytes, oneIn, pages: host.machine.frames.total }
    : {};
  logger.info({ kernel, memoryBytes, pageSize, ...held }, 'memory reserved');
  if (kernelNote !== undefined) logger.info({ kernel }, `Linux ${kernel}: ${kernelNote}`);
  for (const sentence of furnish(host, config)) logger.warn(`of the snapshot: ${sentence}`);

  const alone = new Standstill(host.machine.memory.i32);
  standstill = alone;
  const scanner = yield* made({
    name: 'scanner',
    start: () => Scanner.start(host, config.prices, () => rebuild(host.ksm, nowMs()), alone),
    stop: (scanner) => scanner.stop(),
  });
  const events = new EventFeed(() => eventCounts(host), timers);
  tellOfScanner(scanner, logger, events);
  scanner.on('gaveUp', (reason) =>
    owner.die(
      new FatalError('ScannerLost', {
        code: 'ECHILD',
        message: `the scanner died and could not be started again: ${reason}`,
      }),
    ),
  );

  const threads = yield* made({
    name: 'guest threads',
    start: () =>
      new GuestThreads(
        host,
        config.oomTimeoutMs,
        config.limits.maxWorkloads,
        alone,
        tellingOfGuestThreads(logger, events),
      ),
    stop: (threads) => threads.stopAll(),
  });
  yield* made({
    name: 'khugepaged',
    start: () => new KhugepagedPasses(host.khugepaged, alone, logger, timers),
    stop: (khugepaged) => khugepaged.stop(),
  });
  const forks = new ForkSharing(host, () => alone.isReady);
  const history = yield* made({
    name: 'history',
    start: () =>
      new History(
        () => sample(host, forks.known().pages, scanner, performance.now() - startedAtMs),
        () => host.files.tunables(),
        timers,
        () => forks.ready(),
      ),
    stop: (history) => history.stop(),
  });
  const tunables = new TunableWrites(host, scanner);
  tunables.on('written', (values) => {
    const names = Object.keys(values);
    const now = { ...values, ...host.files.tunables() };
    const set = Object.fromEntries(names.map((name) => [name, now[name]]));
    if (names.length > 0) logger.info(set, 'tunables are set');
  });
  const { sysfs, http, socketPath } = config;
  const kernelFiles =
    sysfs === undefined
      ? undefined
      : yield* made({
          name: "the kernel's files",
          start: () =>
            KernelFiles.start(
              { ...sysfs, socketPath },
              { host, scanner, standstill: alone, tunables },
              logger,
              timers,
            ),
          stop: (files) => files.stop(),
          abandon: (files) => files.remove(),
        });
  const drops = new Drops(logger, timers);
  const context: Context = {
    host,
    standstill: alone,
    scanner,
    tunables,
    kernelFiles,
    threads,
    log,
    events,
    history,
    live: new LiveFeed(host, () => scanner.state, history, events, timers),
    forks,
    metrics: new Metrics(host, scanner, threads, forks),
    streams: new LiveStreams((what) => drops.tell(what)),
    drops,
    uploads: new Uploads(host, scanner, alone, config.oomTimeoutMs),
    profiling: new Profiling(scanner, logger),
    startedAtMs,
    stop: (reason) => owner.stop(reason),
  };

  yield* made({
    name: 'socket',
    start: async () => {
      // Loaded here: a start that is refused before takes a third of the time.
      const { createServer } = await import('./http/server.js');
      return listening(await createServer(context, config.limits, timers), (server) =>
        path.listen((ownName) => server.listen({ path: ownName })),
      );
    },
    stop: (server) => lastAnswers(server, context),
  });
  if (http !== undefined) {
    yield* made({
      name: 'TCP',
      start: async () => {
        const { createServer } = await import('./http/server.js');
        return listening(await createServer(context, config.limits, timers, http), (server) =>
          listenAt(server, http),
        );
      },
      stop: (server) => lastAnswers(server, context),
    });
  }
  logger.info(
    {
      socket: config.socketPath,
      ...(http === undefined ? {} : { http }),
      ...host.files.tunables(),
    },
    'listening',
  );
  yield* made({
    name: 'service manager',
    start: () => {
      const manager = new ServiceManager(logger);
      void manager.tell('READY=1', `STATUS=Listening on ${config.socketPath}`);
      return manager;
    },
    stop: (manager) => manager.tell('STOPPING=1'),
  });
  yield* made({
    name: 'lines on the scanner',
    start: () => logScanning(logger, () => host.files.counters(), timers),
    stop: (end) => end(),
  });
}

/** What would go on for long is cut short, the rest is answered, and the server closed. */
async function lastAnswers(
  server: FastifyInstance,
  { profiling, standstill, streams, uploads, scanner }: Context,
): Promise<void> {
  profiling.interrupt();
  streams.endAll();
  uploads.interruptAll();
  standstill.interruptLooks();
  await close(server, () => scanner.answered());
}
