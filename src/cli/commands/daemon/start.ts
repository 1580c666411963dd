/**
 * `ksmd start`: the daemon, in the foreground. The only verb that is the daemon rather than one of
 * its clients.
 */
import { InvalidArgumentError, Option } from 'commander';
import type { Daemon, DaemonConfig } from '../../../daemon/daemon.js';
import { FATAL, FatalError } from '../../../daemon/fatal.js';
import { DEFAULT_LIMITS, type Limits } from '../../../daemon/http/limits.js';
import { parseTcpAddress, type TcpAddress } from '../../../daemon/http/tcp.js';
import { MAX_GUEST_THREADS } from '../../../daemon/threads/guest-threads.js';
import { KsmdError, systemError } from '../../../errors.js';
import { DEFAULT_PROFILE, KERNEL_PROFILES, kernelProfile } from '../../../ksm/kernels.js';
import { socketPath } from '../../../protocol/socket-path.js';
import type { SnapshotFile } from '../../../snapshot/restore.js';
import { dieOfHangUp, terminalWatch } from '../../terminal/hang-up.js';
import { parseBytes, parseCount, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

interface StartOptions
  extends Omit<
      DaemonConfig,
      'socketPath' | 'memoryBytes' | 'pageSize' | 'kernel' | 'run' | 'restore' | 'limits' | 'http'
    >,
    Omit<Limits, 'maxBodyBytes'> {
  readonly socket?: string;
  /** Bytes. */
  readonly memory: number;
  readonly pageSize?: number;
  readonly kernel?: string;
  readonly run?: '0' | '1';
  readonly restore?: string;
  readonly http?: string;
  readonly httpRemote?: true;
  readonly maxBody: number;
}

/** A snapshot known to be whole, before anything is started. KsmdError if it is not. */
async function openSnapshot(path: string): Promise<SnapshotFile> {
  const { SnapshotFile } = await import('../../../snapshot/restore.js');
  try {
    return SnapshotFile.open(path);
  } catch (error) {
    const { code, message } = error instanceof KsmdError ? error : systemError(error, 'unreadable');
    throw new KsmdError(code, `snapshot ${path} cannot be restored: ${message}`);
  }
}

/**
 * Where to listen over TCP. InvalidArgumentError if that is no address, or one that other machines
 * reach and `remote` was not asked for.
 */
function tcpAddress(text: string, remote: boolean): TcpAddress {
  try {
    return parseTcpAddress(text, remote);
  } catch (error) {
    throw new InvalidArgumentError(
      `EINVAL: --http: ${error instanceof Error ? error.message : error}`,
    );
  }
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

export const start = verb<[], StartOptions>({
  name: 'start',
  summary: 'run the daemon in the foreground',
  options: [
    new Option('--pages-to-scan <n>', "pages a batch (default: the kernel's, 100)").argParser(
      parseCount,
    ),
    new Option(
      '--sleep-ms <n>',
      "milliseconds between batches (default: the kernel's, 20)",
    ).argParser(parseCount),
    new Option('--memory <size>', 'simulated physical memory')
      .argParser(parseBytes)
      .default(2 ** 30, '1GiB'),
    new Option('--page-size <size>', 'bytes a page, a power of two (default: 4096)').argParser(
      parseBytes,
    ),
    new Option('--kernel <profile>', 'whose order of steps is followed (default: 6.18)').choices(
      KERNEL_PROFILES.map(({ name }) => name),
    ),
    new Option('--run <0|1>', 'whether the scanner runs from the start (default: 1)').choices([
      '0',
      '1',
    ]),
    new Option('--oom-timeout-ms <n>', 'how long a store waits for a free frame')
      .argParser(parseCount)
      .default(1000),
    new Option('--restore <file>', 'begin with the guests and tunables of a snapshot'),
    new Option('--http <host:port>', 'let itself be looked at over TCP, on this machine'),
    new Option('--http-remote', 'let --http be an address that other machines reach'),
    new Option(
      '--sysfs <dir>',
      'keep the files of /sys/kernel/mm/ksm in DIR, and of /proc in DIR/../proc',
    ),
    new Option('--max-body <size>', 'a JSON body; uploads are bounded by their regions')
      .argParser(parseBytes)
      .default(DEFAULT_LIMITS.maxBodyBytes, '1MiB'),
    new Option('--max-guests <n>', 'guests in all')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.maxGuests),
    new Option('--max-regions <n>', 'regions in all')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.maxRegions),
    new Option('--max-workloads <n>', 'workloads at a time')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.maxWorkloads),
    new Option('--max-connections <n>', 'connections at a time')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.maxConnections),
    new Option('--header-timeout-ms <n>', 'how long the head of a request may take')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.headerTimeoutMs),
    new Option('--body-timeout-ms <n>', 'how long a body may take to move on')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.bodyTimeoutMs),
    new Option('--idle-timeout-ms <n>', 'how long a connection may idle')
      .argParser(parsePositive)
      .default(DEFAULT_LIMITS.idleTimeoutMs),
    new Option('--log-file <file>', 'append the log to a file instead of printing it'),
    new Option('--log-level <level>', 'least severe lines to log')
      .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
      .default('info'),
  ],
  details: [
    'SIGTERM and SIGINT stop it; a second one ends it at once. SIGHUP opens the log file anew, after logrotate has moved it away. If systemd has started it (Type=notify), it says so once it listens.',
  ],
  exitStatuses: {
    0: 'stopped as asked',
    ...Object.fromEntries(
      Object.values(FATAL).map(({ exitStatus, meaning }) => [exitStatus, meaning]),
    ),
    129: 'the terminal is gone',
    130: 'ended by a second SIGINT, at once',
    143: 'ended by a second SIGTERM, at once',
  },
  examples: [
    'ksmd start --pages-to-scan 1000 --sleep-ms 20',
    'ksmd start --memory 2GiB --kernel 6.1 --run 0',
  ],
  run: async (_session, _values, options) => {
    // Loaded here: no other verb needs the server.
    const server = await import('../../../daemon/daemon.js');
    let daemon: Daemon | undefined;
    let signals = 0;
    const end = (name: keyof typeof SIGNALS): void => {
      signals++;
      if (signals > 1 || daemon === undefined) process.exit(128 + SIGNALS[name]);
      daemon.stop(name);
    };
    process.on('SIGINT', end);
    process.on('SIGTERM', end);
    const terminalIsGone = terminalWatch();
    let logMoved = false;
    process.on('SIGHUP', () => {
      // A shell in that terminal may send it once more: unlike a second SIGTERM that is no hurry.
      if (terminalIsGone()) daemon === undefined ? dieOfHangUp() : daemon.stop('SIGHUP');
      else if (daemon === undefined) logMoved = true;
      else daemon.reopenLog();
    });
    const snapshot =
      options.restore === undefined ? undefined : await openSnapshot(options.restore);
    try {
      daemon = await server.Daemon.start({
        ...options,
        socketPath: socketPath(options.socket),
        memoryBytes: options.memory,
        pageSize: options.pageSize ?? snapshot?.header.pageSize ?? 4096,
        kernel: kernelProfile(options.kernel ?? snapshot?.header.kernel ?? DEFAULT_PROFILE).name,
        run: options.run === undefined ? undefined : Number(options.run),
        restore: snapshot,
        http:
          options.http === undefined
            ? undefined
            : tcpAddress(options.http, options.httpRemote ?? false),
        limits: {
          maxBodyBytes: options.maxBody,
          maxGuests: options.maxGuests,
          maxRegions: options.maxRegions,
          maxWorkloads: Math.min(options.maxWorkloads, MAX_GUEST_THREADS),
          maxConnections: options.maxConnections,
          headerTimeoutMs: options.headerTimeoutMs,
          bodyTimeoutMs: options.bodyTimeoutMs,
          idleTimeoutMs: options.idleTimeoutMs,
        },
      });
      snapshot?.close();
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
      process.stderr.write(`ksmd: ${error.line}\n`);
      process.exit(error.exitStatus);
    }
    const running = daemon;
    if (logMoved) running.reopenLog();
    process.on('uncaughtException', (error) => running.fault(error));
    const fatal = await running.ended;
    if (fatal !== undefined) process.stderr.write(`ksmd: ${fatal.line}\n`);
    if (terminalIsGone()) dieOfHangUp();
    // Whatever is still open is of no use any more.
    process.exit(fatal?.exitStatus ?? 0);
  },
});
