/** Verbs that say what merging would do for a host. */
import { Argument, Option } from 'commander';
import { IMAGES_OPTION, PROCESS_OPTIONS } from '../../process-options.js';
import {
  parseBytes,
  parseDuration,
  parseOneMore,
  parsePageSharing,
  parsePercent,
  parsePolicy,
  parsePositive,
  parsePositiveDuration,
  parseSample,
} from '../../values.js';
import { FILE_HINTS, verb } from '../../verb.js';

const KERNEL_OPTION = new Option(
  '--kernel <version>',
  'whose KSM is followed: a version of Linux, or host, that of the recording',
).default('host');

function tenantsOption(more: string): Option {
  return new Option('--tenants <file>', `lines 'PATTERN TENANT', * for anything: ${more}`);
}

/** What a prediction rests on. */
const PREDICTED_OPTIONS = [
  new Option(
    '--prices <file>',
    'what ksmd calibrate has written (default: the recording’s, or of one server)',
  ),
  new Option('--advised', 'KSM looks at advised mappings alone').conflicts('all'),
  new Option('--all', 'as if all private memory were advised'),
];

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
      .argParser(parsePageSharing)
      .default(256),
    tenantsOption('what merging only within a tenant would save'),
  ],
  examples: [
    'ksmd estimate --qemu',
    'ksmd estimate host.rec --json',
    'ksmd estimate host.rec --tenants tenants',
  ],
  json: true,
  socket: false,
  load: () => import('./estimate.js'),
});

export const shared = verb({
  name: 'shared',
  summary: 'say who shares with whom, of the daemon, recordings, processes or images',
  details: [
    'One look at all pages, and no simulation: what each guest has in common with others, which ' +
      'are alike, and what is lost here if one of them leaves. Several recordings are compared ' +
      'if they were captured with one key. Where nothing is named it is the daemon’s guests.',
  ],
  arguments: [new Argument('[recording...]', 'as its last sweep has the host')],
  options: [
    ...PROCESS_OPTIONS,
    IMAGES_OPTION,
    new Option('--sample <1/n>', 'of processes and images: one content in so many')
      .argParser(parseSample)
      .default(1, '1/1'),
    new Option('--matrix', 'what each two have in common'),
    tenantsOption(
      'what merging only within a tenant gives up; of several recordings guests are ' +
        'HOST/GUEST here',
    ),
    new Option(
      '--html <file>',
      'write a page with a map of it too: all in one file, for a browser',
    ),
  ],
  examples: [
    'ksmd shared',
    'ksmd shared --qemu --matrix',
    'ksmd shared one.rec two.rec --tenants tenants',
  ],
  json: true,
  hints: FILE_HINTS,
  load: () => import('./shared.js'),
});

export const predict = verb({
  name: 'predict',
  summary: 'say what merging would save of a recording, when, and at what cost',
  details: [
    'Plays the recording through the same scanner as the daemon’s, by a clock that jumps: a ' +
      'batch takes as long as the kernel’s would, and naps end with its ticks. No daemon is ' +
      'asked, and the same recording gives the same answer, always.',
    'SAVED: in the end, with zeroes that splits of huge pages gave back; TO 50 %, 90 %, 99 %: ' +
      'after which time so much of it was; CPU: of one processor, what the kernel’s ' +
      'scanner takes in the first minute, and AT REST; BREAKS/S: merged pages that guests write ' +
      'to; HUGE LEFT: huge pages not split, of how many.',
  ],
  arguments: [new Argument('<recording>', 'what ksmd capture has written')],
  options: [
    new Option('--set <name=value>', 'a tunable; may be given more than once').argParser(
      parseOneMore,
    ),
    new Option(
      '--sweep <name=values>',
      'a run with each of these values, a comma between two; of several, with all others',
    ).argParser(parseOneMore),
    new Option(
      '--policy <name>',
      'a run in which tunables are set as time goes on: by ksmtuned, or ksmtuned:FILE with its ' +
        'configuration; throttled: as KubeVirt does, while little is free; by the advisor of the ' +
        'kernel; may be given more than once',
    ).argParser(parsePolicy),
    KERNEL_OPTION,
    new Option(
      '--for <time>',
      'how long (default: as long as the recording is, at least a minute, and ten looks of a ' +
        'policy)',
    ).argParser(parseDuration),
    new Option(
      '--every <time>',
      'between two samples (default: 1s, and longer after ten minutes)',
    ).argParser(parsePositiveDuration),
    ...PREDICTED_OPTIONS,
    tenantsOption('a run more of each, in which guests merge only within their tenant'),
    new Option(
      '--resume <file>',
      'finished runs are kept in FILE, and not made again: what is interrupted goes on',
    ),
    new Option('--csv', 'a row a sample'),
    new Option(
      '--html <file>',
      'write a page with curves there too: all in one file, for any browser and for paper',
    ),
  ],
  examples: [
    'ksmd predict host.rec --for 30m',
    'ksmd predict host.rec --sweep pages_to_scan=100,1000 --sweep smart_scan=0,1',
    'ksmd predict host.rec --policy ksmtuned:/etc/ksmtuned.conf --policy advisor --for 1h',
    'ksmd predict host.rec --sweep pages_to_scan=100,1000 --html host.html',
  ],
  json: true,
  socket: false,
  hints: FILE_HINTS,
  load: () => import('./predict.js'),
});

export const plan = verb({
  name: 'plan',
  summary: 'say whether KSM is worth it on a recorded host, and with which settings',
  details: [
    'Tries settings as predict does: the fewest pages a batch by which nine tenths of the saving ' +
      'come in time, if a processor can be spared for that; with smart scan, or without it where ' +
      'that is much better. Other tunables are as the host was recorded with them. A verdict ' +
      'comes first, then what to write where, and how to undo it. Both verdicts are answers: ' +
      'exit status 0.',
  ],
  arguments: [new Argument('<recording>', 'what ksmd capture has written')],
  options: [
    new Option('--within <time>', 'nine tenths of the saving are to be there')
      .argParser(parsePositiveDuration)
      .default(600_000, '10m'),
    new Option('--max-cpu <percent>', "of one processor, the kernel's scanner at most")
      .argParser(parsePercent)
      .default(0.1, '10%'),
    new Option(
      '--min-saving <size>',
      'less is not worth it (default: 2 % of what is in use)',
    ).argParser(parseBytes),
    KERNEL_OPTION,
    ...PREDICTED_OPTIONS,
  ],
  examples: ['ksmd plan host.rec --within 30m --max-cpu 5%'],
  json: true,
  socket: false,
  load: () => import('./plan.js'),
});

export const calibrate = verb({
  name: 'calibrate',
  summary: "measure what the work of this machine's KSM costs its kernel",
  details: [
    'Has the running kernel scan memory of a few known kinds, for about a minute, and takes the ' +
      'processor time of its scanner: what predictions are priced by. Root only, Linux 6.7 and ' +
      'later, and where nobody else uses KSM; every tunable is put back. The last rows are ' +
      'nothing that a price was learned from: how well all of them explain it.',
    'Have the machine do meanwhile what it usually does: one that sleeps is slower at first.',
  ],
  options: [
    new Option('--output <file>', 'write the prices there, as predict and capture take them'),
    new Option('--pages-to-scan <n>', 'pages a batch meanwhile')
      .argParser(parsePositive)
      .default(1000),
  ],
  examples: ['ksmd calibrate --output prices.json'],
  json: true,
  socket: false,
  hints: { ...FILE_HINTS, ENOENT: 'npm install koffi' },
  load: () => import('./calibrate.js'),
});
