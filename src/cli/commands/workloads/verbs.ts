/** Verbs on workloads: programs that run in guests. */
import { Argument, Option } from 'commander';
import { WORKLOADS } from '../../../names.js';
import { parseBytes, parseCount, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';
import { SERVERS } from './servers.js';

export const run = verb({
  name: 'run',
  summary: 'run a workload in a guest, on a thread of the daemon',
  details: [
    'boot is a machine that starts, ksmpages and dirty write patterns, read reads along with ' +
      'dirty. prefork is a server: in GUEST it runs load, which writes the data, then forks ' +
      'GUEST-1 and as many more as --children says, and in each runs serve, which rewrites a part.',
    'launcher is a service manager with MemoryKSM=: GUEST asks for all its memory to be ' +
      'mergeable and forks; each child becomes another program, and boots.',
  ],
  arguments: [new Argument('<workload>', 'what to run').choices([...WORKLOADS, ...SERVERS])],
  options: [
    new Option('--guest <guest>', 'where; made if it is not there').makeOptionMandatory(),
    new Option('--region <region>', 'a region of it (default: one named after the workload)'),
    new Option('--size <size>', 'bytes of the region, if it is to be made').argParser(parseBytes),
    new Option('--huge', 'a region that is to be made is advised to huge pages'),
    new Option('--seed <n>', 'the same seed does the same').argParser(parseCount),
    new Option(
      '--rate <n>',
      'stores a second (default: as many as it can; boot, serve, prefork, launcher: 100)',
    ).argParser(parseCount),
    new Option(
      '--spread <pages>',
      'dirty, read, serve: how many pages are written or read (default: all; prefork: an eighth)',
    ).argParser(parsePositive),
    new Option('--children <n>', 'prefork, launcher: how many guests to fork')
      .argParser(parsePositive)
      .default(4),
    new Option('--best', 'ksmpages: pages that are all the same'),
    new Option('--read-loop', 'ksmpages: go on reading a word of every page'),
  ],
  examples: [
    'ksmd run boot --guest vm1 --size 256MiB --huge',
    'ksmd run dirty --guest busy --size 16MiB --rate 1000',
    'ksmd run prefork --guest web --size 64MiB --children 8',
    'ksmd run launcher --guest systemd --size 16MiB --children 3',
  ],
  json: true,
  hints: {
    EEXIST: "'ksmd ps' shows what runs, 'ksmd kill' ends it",
    EINVAL: '--size says how large a new region is to be',
  },
  load: () => import('./run.js'),
});

export const ps = verb({
  name: 'ps',
  summary: 'all workloads, and what they have done',
  details: [
    'WRONG: stores and pages that did not read back as written, so that bytes were lost; ' +
      'FOREIGN, where there are any: pages that dirty and read leave alone, as they held ' +
      'something else at first; RETRIES: stores tried again because no frame was free.',
  ],
  examples: ['ksmd ps'],
  json: true,
  load: () => import('./ps.js'),
});

export const kill = verb({
  name: 'kill',
  summary: 'end a workload',
  arguments: [new Argument('<id>', "its number, as 'ksmd ps' shows it").argParser(parsePositive)],
  options: [new Option('--now', 'kill its thread wherever it is, instead of asking it to end')],
  examples: ['ksmd kill 1'],
  json: true,
  hints: { ENOENT: "'ksmd ps' shows what runs" },
  load: () => import('./kill.js'),
});
