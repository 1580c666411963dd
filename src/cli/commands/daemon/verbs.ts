/** The daemon's own verbs: it is started, asked to stop, and its log is read. */
import { Option } from 'commander';
import { FATAL } from '../../../daemon/fatal.js';
import { DEFAULT_LIMITS } from '../../../daemon/http/limits.js';
import { DEFAULT_KERNEL, DEFAULT_PAGE_SIZE, LOG_LEVELS, SYSFS_CARRIERS } from '../../../names.js';
import {
  parseBytes,
  parseCount,
  parseDuration,
  parseOneMore,
  parsePositive,
  parsePositiveTimeout,
  parseSample,
  parseTimeout,
} from '../../values.js';
import { verb } from '../../verb.js';

export const start = verb({
  name: 'start',
  summary: 'run the daemon, in the foreground or in the background',
  options: [
    new Option(
      '--background',
      'return once it listens; if it does not come to that, with its exit status and its error',
    ),
    new Option(
      '--set <name=value>',
      "a tunable to begin with, any of the kernel's, khugepaged's as khugepaged/NAME; may be " +
        'repeated',
    ).argParser(parseOneMore),
    new Option(
      '--pages-to-scan <n>',
      "pages a batch, short for --set pages_to_scan=N (default: the kernel's, 100)",
    ),
    new Option(
      '--sleep-ms <n>',
      'milliseconds between batches, short for --set sleep_millisecs=N ' +
        "(default: the kernel's, 20)",
    ),
    new Option(
      '--pace <own|kernel>',
      'kernel: a batch takes as long as a kernel would, and the advisor goes by what that would ' +
        'cost; short for --set pace=kernel (default: own, as fast as can be)',
    ).choices(['own', 'kernel']),
    new Option(
      '--prices <file>',
      "what a kernel's work takes, as ksmd calibrate has measured it (default: one server's)",
    ),
    new Option('--memory <size>', 'simulated physical memory')
      .argParser(parseBytes)
      .default(2 ** 30, '1GiB'),
    new Option(
      '--fingerprints',
      'hold 16 bytes for a page in place of it: --memory is then all there is, tables included, ' +
        'and 4GiB hold guests of 183 GiB',
    ),
    new Option(
      '--sample <1/n>',
      'hold fingerprints of one page in N, chosen by what is in it: all that is counted is of ' +
        'these, and a larger host has room; no huge pages',
    ).argParser(parseSample),
    new Option(
      '--page-size <size>',
      `bytes a page, a power of two (default: ${DEFAULT_PAGE_SIZE})`,
    ).argParser(parseBytes),
    new Option(
      '--kernel <version>',
      'whose KSM is followed: a version of Linux, or host, that of this machine (default: ' +
        `${DEFAULT_KERNEL})`,
    ),
    new Option('--run <0|1>', 'whether the scanner runs from the start (default: 1)').choices([
      '0',
      '1',
    ]),
    new Option('--oom-timeout-ms <n>', 'how long a store waits for a free frame')
      .argParser(parseTimeout)
      .default(1000),
    new Option('--restore <file>', 'begin with the guests and tunables of a snapshot'),
    new Option('--http <host:port>', 'let itself be looked at over TCP, on this machine'),
    new Option('--http-remote', 'let --http be an address that other machines reach'),
    new Option(
      '--sysfs <dir>',
      'keep the files of /sys/kernel/mm, ksm and transparent_hugepage, in DIR, and of /proc in ' +
        'DIR/../proc: a mount where that can be had (root, /dev/fuse, koffi), elsewhere a ' +
        'picture of it in plain files',
    ),
    new Option(
      '--sysfs-as <mount|picture>',
      'which of the two it must be; of two writes to one file of a picture in a row the second ' +
        'counts',
    ).choices(SYSFS_CARRIERS),
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
      .argParser(parsePositiveTimeout)
      .default(DEFAULT_LIMITS.headerTimeoutMs),
    new Option(
      '--body-timeout-ms <n>',
      'how long a body, or the reading of an answer, may take to move on',
    )
      .argParser(parsePositiveTimeout)
      .default(DEFAULT_LIMITS.bodyTimeoutMs),
    new Option('--idle-timeout-ms <n>', 'how long a connection may idle')
      .argParser(parsePositiveTimeout)
      .default(DEFAULT_LIMITS.idleTimeoutMs),
    new Option('--log-file <file>', 'append the log to a file instead of printing it'),
    new Option('--log-level <level>', 'least severe lines to log')
      .choices(LOG_LEVELS)
      .default('info'),
  ],
  details: [
    'SIGTERM and SIGINT stop it; a second one ends it at once. SIGHUP opens the log file ' +
      'anew, after logrotate has moved it away. If systemd has started it (Type=notify), it ' +
      'says so once it listens.',
    'With --background it takes nothing of the terminal along. Its log is then in --log-file, ' +
      'or only in what ksmd logs has.',
    'On a terminal the log is lines for people; elsewhere, in --log-file, and with --json it is ' +
      'JSON, a line an event.',
    'The log waits for nobody. What is not taken where it goes, by a stopped terminal or a full ' +
      'disk, is held back, 1 MiB of it. Beyond that the log says where lines are missing, and ' +
      'how many; ksmd logs has the last of them.',
  ],
  exitStatuses: {
    0: 'stopped as asked; with --background: it listens',
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
    'ksmd start --background --log-file ksmd.log',
    'ksmd start --fingerprints --memory 4GiB',
    'ksmd start --set advisor_mode=scan-time --set advisor_target_scan_time=60',
  ],
  json: true,
  load: () => import('./start.js'),
});

export const stop = verb({
  name: 'stop',
  summary: 'stop the daemon; its guests are gone then',
  examples: ['ksmd stop'],
  json: true,
  load: () => import('./stop.js'),
});

export const wait = verb({
  name: 'wait',
  summary: 'wait until the daemon listens, or has made full scans',
  options: [
    new Option(
      '--full-scans <n>',
      'until full_scans has grown by N; the scan that is under way counts',
    ).argParser(parsePositive),
    new Option('--timeout <time>', 'how long at most (default: for ever)').argParser(parseDuration),
  ],
  exitStatuses: {
    1:
      'failed: the time is over (ETIMEDOUT), or no full scan is to come, as the scanner is ' +
      'stopped (EAGAIN) or the daemon gone',
  },
  examples: ['ksmd wait --timeout 10s', 'ksmd wait --full-scans 2'],
  load: () => import('./wait.js'),
});

export const logs = verb({
  name: 'logs',
  summary: "the last lines of the daemon's log, and the next ones",
  details: [
    'At info it tells of guests, workloads and tunables, and of full scans after which more or ' +
      'less is merged or known, at most one in ten seconds; with ksmd start --log-level debug of ' +
      'each region too, and of the counters once a second while they move.',
  ],
  options: [
    new Option('--follow', 'go on with new lines'),
    new Option('--lines <n>', 'how many of the last').argParser(parseCount).default(20),
    new Option('--level <level>', 'only lines of this severity and above').choices(LOG_LEVELS),
    new Option('--guest <guest>', 'only lines that tell of this guest'),
  ],
  examples: ['ksmd logs', 'ksmd logs --follow --level warn', 'ksmd logs --lines 1000 --json'],
  json: true,
  load: () => import('./logs.js'),
});
