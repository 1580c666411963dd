/**
 * `ksmd replay`: plays recorded scenarios on a machine of its own and holds them against what the
 * kernel did. Needs no daemon.
 */
import { Argument, Option } from 'commander';
import { verb } from '../../verb.js';
import type { ReplayOptions } from './replay-file.js';

export const replay = verb<[string[]], ReplayOptions>({
  name: 'replay',
  summary: "replay recorded scenarios and compare every counter with the kernel's",
  arguments: [new Argument('<file...>')],
  options: [
    new Option(
      '--kernel <profile>',
      'whose order of steps is followed (default: that of the file)',
    ).choices(['2.6.32', '6.1', '6.12', '6.18']),
    new Option('--print', 'print the scenario with the observations of this replay instead'),
  ],
  examples: ['ksmd replay trace.json', 'ksmd replay --print scenario.json > trace.json'],
  json: true,
  exitStatuses: {
    0: 'all counters agree',
    1: 'a counter differs',
    2: 'a file is no scenario, or wrong command line',
  },
  socket: false,
  run: async (session, [files], options) => {
    const { replayFile } = await import('./replay-file.js');
    let status = 0;
    for (const file of files) status = Math.max(status, await replayFile(session, file, options));
    return status;
  },
});
