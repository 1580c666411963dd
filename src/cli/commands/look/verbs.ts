/** Verbs that look and change nothing. */
import { Argument, Option } from 'commander';
import { DEFAULT_INTERVAL_SECONDS } from '../../procps/samples.js';
import { UNITS } from '../../procps/units.js';
import { parseBytes, parseCount, parseInterval, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

export const status = verb({
  name: 'status',
  summary: 'what KSM saves and costs, what would merge besides, and the rest',
  details: [
    'saved is what would be used more without KSM, and by whom: SAVED of ksmd top. “to merge” ' +
      'counts pages whose bytes are equal at this moment and that are not merged, and says what ' +
      'each waits for. cost is what the kernel’s scanner would have taken for the same work.',
  ],
  options: [
    new Option('--watch [seconds]', 'look again and again, a second apart unless said').argParser(
      parseInterval,
    ),
  ],
  examples: ['ksmd status', 'ksmd status --watch', 'ksmd status --json'],
  json: true,
  load: () => import('./status.js'),
});

export const top = verb({
  name: 'top',
  summary: 'guests: what each takes up, what it saves and what it costs',
  details: [
    'On a terminal it goes on until q or Ctrl-C; elsewhere there is one look, unless ' +
      '--interval is given. The first look tells of all the time since the daemon’s start, ' +
      'each other one of the time since the one before.',
    'VIRT: registered; RES: frames it maps, its own and shared; SHR: of these, KSM pages ' +
      'as of the last scan; HUGE, where there are any: huge pages that it maps; S: R if a ' +
      'workload of it runs, D if one waits for a free frame, S otherwise; %CPU: processor time ' +
      'of its workloads; %MEM: RES, of all memory.',
    'SAVED: its part of what all guests save, in proportion to its merged pages, and its ' +
      'zero pages; COST: what the kernel spends on knowing its pages, 64 bytes each; %SCAN: ' +
      'its part of the pages that the scanner looked at, none that is merged or that smart scan ' +
      'skips; - if it looked at none. It is of the last whole full scans; until one was seen, ' +
      'and with --once, of all since the daemon’s start (scannerShareSinceStart of --json).',
    'Keys: ? help; s m p c n sort by SAVED, RES, %CPU, %SCAN or name, < and > by the column to ' +
      'the left or to the right; up, down, page up, page down, home and end scroll; q quits.',
  ],
  options: [
    new Option('--once', 'one look, also on a terminal'),
    new Option(
      '--interval <seconds>',
      `between two looks, 0.1 or more (default: ${DEFAULT_INTERVAL_SECONDS})`,
    ).argParser(parseInterval),
  ],
  examples: ['ksmd top', 'ksmd top --once', 'ksmd top --interval 5 --json'],
  json: true,
  load: () => import('./top.js'),
});

export const vmstat = verb({
  name: 'vmstat',
  summary: 'memory, processors and merging, a line an interval',
  arguments: [
    new Argument(
      '[interval]',
      'seconds between two lines, 0.1 or more (default: one line only)',
    ).argParser(parseInterval),
    new Argument('[count]', 'how many lines (default: until Ctrl-C)').argParser(parsePositive),
  ],
  details: [
    "The first line tells of all the time since the daemon's start, each other one of the " +
      'time since the line before.',
    'r: guest threads at work, and the scanner if it scans; b: guest threads that wait for ' +
      'a free frame. free: frames, in KiB. us: guest threads, sy: the scanner, id: the rest ' +
      'of the processors that the daemon may run on.',
    'swpd, buff, cache, si, so, bi, bo, wa and st are 0: the simulated host has no files, ' +
      'no disks and no other host beneath it. A terminal too narrow for all columns is not ' +
      'shown them. in and cs are left out: it has no interrupts, and nobody counts its ' +
      'context switches.',
    'shared, sharing: pages_shared and pages_sharing. scan/s, merge/s, cow/s: pages ' +
      'scanned, pages merged, and merged pages that got a frame of their own again, a second.',
  ],
  options: [
    new Option('-S, --unit <unit>', 'of memory: k 1000, K 1024, m 1000000 or M 1048576 bytes')
      .choices(Object.keys(UNITS))
      .default('K'),
  ],
  examples: ['ksmd vmstat 1', 'ksmd vmstat 0.5 10 --json'],
  json: true,
  load: () => import('./vmstat.js'),
});

export const free = verb({
  name: 'free',
  summary: 'memory used and free, and what it would be without KSM',
  details: [
    'KiB, unless -h is given. shared: KSM pages. buffers, cached and swap are 0: the ' +
      'simulated host has no files and no disks.',
    'Saved: what would be used as well if every page that holds something had a frame of ' +
      'its own; -KSM: used and free in that case. Less than nothing is free where guests ' +
      'would not fit. Forked, where guests were forked: what they share since then, with KSM ' +
      'or without, which is no part of Saved.',
  ],
  options: [new Option('-h, --human', 'in units that are easy to read')],
  examples: ['ksmd free -h', 'ksmd free --json'],
  json: true,
  load: () => import('./free.js'),
});

export const explain = verb({
  name: 'explain',
  summary: 'why a page is merged or not, and what comes next',
  arguments: [
    new Argument('<guest>', 'whose page'),
    new Argument('<address>', 'any address in the page').argParser(parseBytes),
  ],
  options: [
    new Option('--twins <n>', 'name so many pages with the same content (default: 10)').argParser(
      parseCount,
    ),
  ],
  examples: ['ksmd explain web 0x10000', 'ksmd explain web 64KiB --twins 100 --json'],
  json: true,
  hints: {
    EFAULT: "'ksmd guests GUEST' shows where its regions are",
    ENOENT: "'ksmd guests' lists them",
  },
  load: () => import('./explain.js'),
});

export const check = verb({
  name: 'check',
  summary: 'recount everything from frames and page tables, and say what does not agree',
  examples: ['ksmd check'],
  json: true,
  exitStatuses: { 1: 'something does not agree, or failed' },
  load: () => import('./check.js'),
});
