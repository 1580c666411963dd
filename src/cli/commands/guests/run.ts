/** `ksmd run`: a workload in a guest, on a thread of the daemon. */
import { Argument, Option } from 'commander';
import type { WorkloadName } from '../../../protocol/workloads.js';
import { parseBytes, parseCount, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

interface RunOptions {
  readonly guest: string;
  readonly region?: string;
  readonly size?: number;
  readonly seed?: number;
  readonly rate?: number;
  readonly spread?: number;
  readonly best?: true;
  readonly readLoop?: true;
}

export const run = verb<[WorkloadName], RunOptions>({
  name: 'run',
  summary: 'run a workload in a guest, on a thread of the daemon',
  arguments: [
    new Argument('<workload>', 'what to run').choices(['ksmpages', 'dirty', 'read', 'boot']),
  ],
  options: [
    new Option('--guest <guest>', 'where; made if it is not there').makeOptionMandatory(),
    new Option('--region <region>', 'a region of it (default: one named after the workload)'),
    new Option('--size <size>', 'bytes of the region, if it is to be made').argParser(parseBytes),
    new Option('--seed <n>', 'the same seed does the same').argParser(parseCount),
    new Option('--rate <n>', 'stores a second (default: as many as it can)').argParser(parseCount),
    new Option(
      '--spread <pages>',
      'dirty, read: how many pages are written or read (default: all)',
    ).argParser(parsePositive),
    new Option('--best', 'ksmpages: pages that are all the same'),
    new Option('--read-loop', 'ksmpages: go on reading a word of every page'),
  ],
  examples: [
    'ksmd run boot --guest vm1 --size 256MiB',
    'ksmd run dirty --guest busy --size 16MiB --rate 1000',
  ],
  json: true,
  hints: {
    EEXIST: "'ksmd ps' shows what runs, 'ksmd kill' ends it",
    EINVAL: '--size says how large a new region is to be',
  },
  run: async (
    { client, json, print, printJson },
    [workload],
    { guest, region, size, seed, rate, spread, best, readLoop },
  ) => {
    const { pageSize } = await client.status();
    const started = await client.run({
      workload,
      guest,
      ...(region === undefined ? {} : { region }),
      ...(size === undefined ? {} : { pages: Math.ceil(size / pageSize) }),
      ...(seed === undefined ? {} : { seed }),
      ...(rate === undefined ? {} : { rate }),
      ...(spread === undefined ? {} : { spreadPages: spread }),
      ...(best === undefined ? {} : { best }),
      ...(readLoop === undefined ? {} : { readLoop }),
    });
    if (json) printJson(started);
    else
      print(
        `${started.workload} runs in ${started.guest} as workload ${started.id}: 'ksmd ps' shows it, 'ksmd kill ${started.id}' ends it`,
      );
    return undefined;
  },
});
