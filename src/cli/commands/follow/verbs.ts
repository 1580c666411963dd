/** The verb that keeps guests in step with processes. */
import { Argument, Option } from 'commander';
import { PROCESS_OPTIONS } from '../../process-options.js';
import { parseDuration, parsePercent, parseSpeed } from '../../values.js';
import { verb } from '../../verb.js';

export const follow = verb({
  name: 'follow',
  summary: 'keep guests in step with live processes, or with a recording as it is played',
  details: [
    'Looks at processes again and again, as ksmd capture does, and has the guests of a daemon ' +
      'that holds fingerprints (ksmd start --fingerprints) follow: what such a daemon shows is ' +
      'what KSM would be saving of them at its settings. Nothing is switched on, and no byte of ' +
      'their memory is sent. Processes that come to be meant join, those that end leave.',
    'What counts is what is advised, if anything is at the first sweep, else all. To tell forks ' +
      'and huge pages by the numbers of frames takes CAP_SYS_ADMIN; without it, what is taken ' +
      'for a fork is what something else maps too, at the same place and with equal bytes.',
    'Ctrl-C ends it, and takes the guests away: nobody keeps them in step any more. So does the ' +
      "recording's end, and a reader of what it says that has seen enough. --keep leaves them as " +
      'the last sweep has them. What fails takes them away in any case.',
  ],
  arguments: [new Argument('[guest]', 'what it is called; several have their numbers behind it')],
  options: [
    ...PROCESS_OPTIONS,
    new Option('--interval <time>', "from one sweep's begin to the next one's")
      .argParser(parseDuration)
      .default(10_000, '10s'),
    new Option('--key <file>', "the key, made if there is none (default: the user's own)"),
    new Option('--max-cpu <percent>', 'of one processor, at most, to look at processes')
      .argParser(parsePercent)
      .default(1, '100%'),
    new Option(
      '--soft-dirty',
      'read only what was written, which costs processes a fault for each page they write',
    ),
    new Option(
      '--recording <file>',
      'what ksmd capture has written, in place of processes: nobody is looked at',
    ).conflicts(['interval', 'maxCpu', 'softDirty']),
    new Option('--speed <n>', 'so many times as fast as it was recorded (default: 1)').argParser(
      parseSpeed,
    ),
    new Option('--keep', 'leave the guests in the daemon when it ends'),
  ],
  examples: [
    'ksmd follow web --pid 1234',
    'ksmd follow --qemu --interval 1m',
    'ksmd follow --recording host.rec --speed 60',
  ],
  json: true,
  hints: {
    EEXIST: "'ksmd unregister' it first, or choose other names with --name",
    ENOMEM: 'nothing is left of the guests; a daemon with more --memory holds more',
    ENOSPC: 'nothing is left of the guests; ksmd start has --max-guests and --max-regions',
  },
  load: () => import('./follow.js'),
});
