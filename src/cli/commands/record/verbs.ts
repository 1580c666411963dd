/** Verbs that keep what there is in a file. */
import { Argument, Option } from 'commander';
import { IMAGES_OPTION, PROCESS_OPTIONS } from '../../process-options.js';
import { parseDuration, parsePercent, parseSample } from '../../values.js';
import { FILE_HINTS, verb } from '../../verb.js';

export const snapshot = verb({
  name: 'snapshot',
  summary: 'write an image of all guests and tunables while they run',
  arguments: [
    new Argument('<file>', 'an older snapshot of that name is replaced once the new one is whole'),
  ],
  examples: ['ksmd snapshot host.snap && ksmd start --restore host.snap'],
  json: true,
  hints: FILE_HINTS,
  load: () => import('./snapshot.js'),
});

export const capture = verb({
  name: 'capture',
  summary: 'record processes and images over time, without a byte of their memory',
  details: [
    'Looks at all private memory again and again, and writes what has changed. Processes that ' +
      'come to be meant join, those that end leave. Ctrl-C ends it with a whole file. No daemon ' +
      'is asked.',
    'Fingerprints are made with a secret key: recordings made with one key can be compared, and ' +
      'nobody without it can test a guess about a page.',
    'With --soft-dirty every tenth sweep reads all of a process, the others what it has written ' +
      'since. The kernel needs CONFIG_MEM_SOFT_DIRTY, and who captures must own the process or ' +
      'have CAP_DAC_OVERRIDE. One capture at a time: whoever else clears these bits of a ' +
      'process, as CRIU does, hides writes until the next tenth sweep.',
  ],
  options: [
    new Option('--output <file>', 'the recording, which is not there yet').makeOptionMandatory(),
    ...PROCESS_OPTIONS,
    IMAGES_OPTION,
    new Option('--interval <time>', "from one sweep's begin to the next one's")
      .argParser(parseDuration)
      .default(10_000, '10s'),
    new Option('--duration <time>', 'how long; 0 is one sweep')
      .argParser(parseDuration)
      .default(600_000, '10m'),
    new Option('--sample <1/n>', 'keep one content in so many, the same ones everywhere')
      .argParser(parseSample)
      .default(1, '1/1'),
    new Option('--key <file>', "the key, made if there is none (default: the user's own)"),
    new Option('--host <name>', 'what the host is called (default: its own name)'),
    new Option('--prices <file>', 'what ksmd calibrate has written: kept in the recording'),
    new Option('--max-cpu <percent>', 'of one processor, at most')
      .argParser(parsePercent)
      .default(1, '100%'),
    new Option(
      '--soft-dirty',
      'read only what was written, which costs processes a fault for each page they write',
    ),
  ],
  examples: [
    'ksmd capture --qemu --output host.rec',
    'ksmd capture --pid 1234 --output web.rec --interval 5s --duration 1m',
  ],
  json: true,
  socket: false,
  hints: FILE_HINTS,
  load: () => import('./capture.js'),
});

export const recording = verb({
  name: 'recording',
  summary: 'say what is in a recording, check it, cut it, join several',
  details: ['With --output a part of it becomes a recording, or several of one host become one.'],
  arguments: [new Argument('<file...>', 'what ksmd capture has written')],
  options: [
    new Option('--check', 'say whether it is whole, and how far it can be read'),
    new Option('--csv', 'print it, a line for each page that is another than before'),
    new Option('--output <file>', 'a new recording'),
    new Option('--from <time>', 'its sweeps from then on, since the start').argParser(
      parseDuration,
    ),
    new Option('--to <time>', 'its sweeps up to then').argParser(parseDuration),
    new Option('--guest <name...>', 'these guests of it alone'),
  ],
  examples: [
    'ksmd recording host.rec',
    'ksmd recording host.rec --from 5m --guest vm1 vm2 --output part.rec',
    'ksmd recording monday.rec tuesday.rec --output both.rec',
  ],
  json: true,
  socket: false,
  exitStatuses: { 1: 'the recording is not whole, or something failed' },
  hints: FILE_HINTS,
  load: () => import('./recording.js'),
});
