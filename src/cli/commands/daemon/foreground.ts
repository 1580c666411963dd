/**
 * The daemon, in the foreground: `ksmd start` is the only verb that is the daemon rather than one
 * of its clients. Whoever has started it with a channel (`--background`) is told once it listens.
 */
import { InvalidArgumentError } from 'commander';
import type { DaemonConfig } from '../../../daemon/config.js';
import type { Daemon } from '../../../daemon/daemon.js';
import type { Limits } from '../../../daemon/http/limits.js';
import { parseTcpAddress } from '../../../daemon/http/tcp.js';
import { lastWords } from '../../../daemon/log/log-output.js';
import { MAX_GUEST_THREADS } from '../../../daemon/threads/guest-threads.js';
import { KsmdError, systemError } from '../../../errors.js';
import { FINGERPRINT_BYTES } from '../../../fingerprints/fingerprint.js';
import { checkedKhugepagedTunable, type KhugepagedTunable } from '../../../khugepaged/tunables.js';
import { firstTunables } from '../../../ksm/tunables.js';
import { assertFingerprintSizes, assertFrameSizes } from '../../../machine/frame-sizes.js';
import {
  DEFAULT_KERNEL,
  DEFAULT_PAGE_SIZE,
  KHUGEPAGED,
  type SysfsCarrier,
} from '../../../names.js';
import { DEFAULT_PRICES } from '../../../prices/default-prices.js';
import type { Prices } from '../../../prices/prices.js';
import { socketPath } from '../../../protocol/socket-path.js';
import type { SnapshotFile } from '../../../snapshot/restore.js';
import { chosenKernel, runningKernel } from '../../kernel-choice.js';
import { readPrices } from '../../read-prices.js';
import { dieOfHangUp, terminalWatch } from '../../terminal/hang-up.js';
import { logLines } from '../../terminal/log-line.js';
import { complaint } from '../../terminal/output.js';
import type { Assignment } from '../../values.js';
import type { Action } from '../../verb.js';

export interface StartOptions
  extends Omit<
      DaemonConfig,
      | 'socketPath'
      | 'memoryBytes'
      | 'pageSize'
      | 'frameBytes'
      | 'oneIn'
      | 'kernel'
      | 'kernelNote'
      | 'tunables'
      | 'khugepaged'
      | 'restore'
      | 'prices'
      | 'limits'
      | 'http'
      | 'sysfs'
      | 'logLine'
    >,
    Omit<Limits, 'maxBodyBytes'> {
  readonly socket?: string;
  readonly background?: true;
  /** Bytes. */
  readonly memory: number;
  readonly pageSize?: number;
  readonly fingerprints?: true;
  readonly sample?: number;
  readonly kernel?: string;
  readonly set?: readonly Assignment[];
  readonly pagesToScan?: string;
  readonly sleepMs?: string;
  readonly pace?: string;
  readonly run?: '0' | '1';
  readonly restore?: string;
  readonly prices?: string;
  readonly http?: string;
  readonly sysfs?: string;
  readonly sysfsAs?: SysfsCarrier;
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

/** What `reading` gives; what it refuses is a wrong command line. */
function onCommandLine<Value>(reading: () => Value): Value {
  try {
    return reading();
  } catch (error) {
    if (!(error instanceof KsmdError)) throw error;
    throw new InvalidArgumentError(error.line);
  }
}

/** The tunables asked for, in whatever way, `run` last: the scanner begins with all the others. */
function tunables(options: StartOptions): readonly Assignment[] {
  const { set = [], pagesToScan, sleepMs, pace, run } = options;
  const given: readonly (readonly [option: string, name: string, value: string | undefined])[] = [
    ...set.map(([name, value]) => ['--set', name, value] as const),
    ['--pages-to-scan', 'pages_to_scan', pagesToScan],
    ['--sleep-ms', 'sleep_millisecs', sleepMs],
    ['--pace', 'pace', pace],
    ['--run', 'run', run],
  ];
  const givenBy = new Map<string, string>();
  const assignments = given.flatMap(([option, name, value]): Assignment[] => {
    if (value === undefined) return [];
    const before = givenBy.get(name);
    givenBy.set(name, option);
    if (before === undefined) return [[name, value]];
    throw new KsmdError('EINVAL', `${name} is given twice, by ${before} and by ${option}`);
  });
  const isRun = ([name]: Assignment): boolean => name === 'run';
  return [...assignments.filter((each) => !isRun(each)), ...assignments.filter(isRun)];
}

function isOfKsm([name]: Assignment): boolean {
  return !name.startsWith(KHUGEPAGED);
}

function ofKhugepaged([name, value]: Assignment): [KhugepagedTunable, number] {
  return checkedKhugepagedTunable(name.slice(KHUGEPAGED.length), value);
}

function kernelFiles({ sysfs, sysfsAs }: StartOptions): DaemonConfig['sysfs'] {
  if (sysfs !== undefined) return { directory: sysfs, as: sysfsAs };
  if (sysfsAs !== undefined)
    throw new KsmdError('EINVAL', '--sysfs-as is of no use without --sysfs');
  return undefined;
}

/** What is stored of a page. EINVAL if no machine can have that. */
function frameBytesOf(
  { memory, fingerprints }: StartOptions,
  snapshot: SnapshotFile | undefined,
  pageSize: number,
): number {
  const frameBytes =
    fingerprints === undefined ? (snapshot?.header.frameBytes ?? pageSize) : FINGERPRINT_BYTES;
  if (fingerprints !== undefined && pageSize <= FINGERPRINT_BYTES)
    throw new KsmdError('EINVAL', `pages of ${pageSize} bytes are no larger than fingerprints`);
  if (frameBytes === pageSize) assertFrameSizes(memory, pageSize);
  else assertFingerprintSizes(pageSize, frameBytes);
  return frameBytes;
}

/** The sample of pages that is held. EINVAL if pages themselves are. */
function oneInOf(
  { sample }: StartOptions,
  snapshot: SnapshotFile | undefined,
  holdsFingerprints: boolean,
): number {
  if (sample !== undefined && !holdsFingerprints)
    throw new KsmdError('EINVAL', '--sample goes with --fingerprints');
  return sample ?? snapshot?.header.oneIn ?? 1;
}

/** What the options ask for. CommanderError if that cannot be. */
function daemonConfig(
  options: StartOptions,
  snapshot: SnapshotFile | undefined,
  prices: Prices,
  isForPeople: boolean,
): DaemonConfig {
  const { http, httpRemote = false } = options;
  const choice = options.kernel ?? snapshot?.header.kernel ?? DEFAULT_KERNEL;
  const { profile, note } = onCommandLine(() => chosenKernel(choice, runningKernel));
  const memoryBytes = options.memory;
  const pageSize = options.pageSize ?? snapshot?.header.pageSize ?? DEFAULT_PAGE_SIZE;
  const frameBytes = onCommandLine(() => frameBytesOf(options, snapshot, pageSize));
  const given = onCommandLine(() => tunables(options));
  return {
    socketPath: socketPath(options.socket),
    memoryBytes,
    pageSize,
    frameBytes,
    oneIn: onCommandLine(() => oneInOf(options, snapshot, frameBytes < pageSize)),
    kernel: profile.name,
    kernelNote: note,
    tunables: onCommandLine(() => firstTunables(profile, given.filter(isOfKsm))),
    khugepaged: onCommandLine(() => given.filter((each) => !isOfKsm(each)).map(ofKhugepaged)),
    prices,
    restore: snapshot,
    sysfs: onCommandLine(() => kernelFiles(options)),
    http: http === undefined ? undefined : onCommandLine(() => parseTcpAddress(http, httpRemote)),
    oomTimeoutMs: options.oomTimeoutMs,
    logLevel: options.logLevel,
    logFile: options.logFile,
    logLine: isForPeople ? forPeople : undefined,
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

function forPeople(json: string): string {
  return logLines(json, new Date(), process.stdout.columns)
    .map((line) => `${line}\n`)
    .join('');
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

export const action: Action<[], StartOptions> = async ({ json }, _values, options) => {
  let daemon: Daemon | undefined;
  const terminalIsGone = terminalWatch();
  process.on('SIGHUP', () => {
    // A shell in that terminal may send it once more: unlike a second SIGTERM that is no hurry.
    if (!terminalIsGone()) daemon?.reopenLog();
    else if (daemon === undefined) dieOfHangUp();
    else daemon.stop('SIGHUP');
  });
  const snapshot = options.restore === undefined ? undefined : await openSnapshot(options.restore);
  const prices = options.prices === undefined ? DEFAULT_PRICES : await readPrices(options.prices);
  // A log that is collected is JSON.
  const isForPeople = process.stdout.isTTY && options.logFile === undefined && !json;
  const config = daemonConfig(options, snapshot, prices, isForPeople);
  // Loaded here: no other verb needs the server.
  const server = await import('../../../daemon/daemon.js');
  const started = server.Daemon.start(config, () => process.send?.('listening', () => {}));
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
  if (fatal !== undefined) await lastWords(complaint(fatal.line));
  if (terminalIsGone()) dieOfHangUp();
  // Whatever is still open is of no use any more.
  process.exit(fatal?.exitStatus ?? 0);
};
