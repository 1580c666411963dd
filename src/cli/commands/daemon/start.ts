/**
 * `ksmd start`: the daemon, in the foreground. The only verb that is the daemon rather than one of
 * its clients.
 */
import { InvalidArgumentError } from 'commander';
import type { DaemonConfig } from '../../../daemon/config.js';
import type { Daemon } from '../../../daemon/daemon.js';
import type { Limits } from '../../../daemon/http/limits.js';
import { parseTcpAddress, type TcpAddress } from '../../../daemon/http/tcp.js';
import { MAX_GUEST_THREADS } from '../../../daemon/threads/guest-threads.js';
import { KsmdError, systemError } from '../../../errors.js';
import { DEFAULT_PROFILE, kernelProfile } from '../../../ksm/kernels.js';
import { socketPath } from '../../../protocol/socket-path.js';
import type { SnapshotFile } from '../../../snapshot/restore.js';
import { dieOfHangUp, terminalWatch } from '../../terminal/hang-up.js';
import type { Run } from '../../verb.js';

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

/** What the options ask for. CommanderError if that cannot be. */
function daemonConfig(options: StartOptions, snapshot: SnapshotFile | undefined): DaemonConfig {
  return {
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
  };
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

export const run: Run<[], StartOptions> = async (_session, _values, options) => {
  let daemon: Daemon | undefined;
  const terminalIsGone = terminalWatch();
  process.on('SIGHUP', () => {
    // A shell in that terminal may send it once more: unlike a second SIGTERM that is no hurry.
    if (!terminalIsGone()) daemon?.reopenLog();
    else if (daemon === undefined) dieOfHangUp();
    else daemon.stop('SIGHUP');
  });
  const snapshot = options.restore === undefined ? undefined : await openSnapshot(options.restore);
  const config = daemonConfig(options, snapshot);
  // Loaded here: no other verb needs the server.
  const server = await import('../../../daemon/daemon.js');
  const started = server.Daemon.start(config);
  daemon = started;
  let signals = 0;
  const end = (name: keyof typeof SIGNALS): void => {
    signals++;
    if (signals > 1) process.exit(128 + SIGNALS[name]);
    started.stop(name);
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.on('uncaughtException', (error) => started.fault(error));
  const fatal = await started.ended;
  if (fatal !== undefined) process.stderr.write(`ksmd: ${fatal.line}\n`);
  if (terminalIsGone()) dieOfHangUp();
  // Whatever is still open is of no use any more.
  process.exit(fatal?.exitStatus ?? 0);
};
