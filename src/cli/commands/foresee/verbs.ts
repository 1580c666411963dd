/** Verbs that say what merging would do for a host. */
import { Argument, Option } from 'commander';
import { IMAGES_OPTION, PROCESS_OPTIONS } from '../../process-options.js';
import { parsePositive, parseSample } from '../../values.js';
import { verb } from '../../verb.js';

export const estimate = verb({
  name: 'estimate',
  summary: 'say what merging could save of processes, images or a recording, at most',
  details: [
    'One look at all pages, and no simulation: what would be saved if all that is equal were ' +
      'merged, and nothing changed meanwhile. No daemon is asked.',
  ],
  arguments: [new Argument('[recording]', 'as its last sweep has the host')],
  options: [
    ...PROCESS_OPTIONS,
    IMAGES_OPTION,
    new Option('--sample <1/n>', 'of processes and images: one content in so many')
      .argParser(parseSample)
      .default(1, '1/1'),
    new Option('--max-page-sharing <n>', 'as the tunable has it')
      .argParser(parsePositive)
      .default(256),
  ],
  examples: ['ksmd estimate --qemu', 'ksmd estimate host.rec --json'],
  json: true,
  socket: false,
  load: () => import('./estimate.js'),
});
