/** Verbs to try things with, and to learn: recorded scenarios, cases, profiles, the demo. */
import { Argument, Option } from 'commander';
import { SHELLS } from '../../completion/shells.js';
import { parseBytes, parseCount, parseSeconds } from '../../values.js';
import { FILE_HINTS, verb } from '../../verb.js';

export const replay = verb({
  name: 'replay',
  summary: "replay recorded scenarios and compare every counter with the kernel's",
  arguments: [new Argument('<file...>')],
  options: [
    new Option(
      '--kernel <version>',
      'whose KSM is followed: a version of Linux, or host, that of this machine (default: that ' +
        'of the file)',
    ),
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
  load: () => import('./replay.js'),
});

export const ksmpages = verb({
  name: 'ksmpages',
  summary: 'register a guest and fill it with the worst (or best) case for KSM',
  arguments: [new Argument('<guest>')],
  options: [
    new Option('--size <size>', 'bytes, whole pages of them')
      .argParser(parseBytes)
      .default(64 * 2 ** 20, '64MiB'),
    new Option('--best', 'pages that are all the same, instead of all different'),
    new Option('--seed <n>', 'number of the first page: guests of one seed hold the same pages')
      .argParser(parseCount)
      .default(0),
  ],
  examples: ['ksmd ksmpages a && ksmd ksmpages b', 'ksmd ksmpages c --best --size 16MiB'],
  json: true,
  hints: {
    EEXIST: "choose another name, or 'ksmd unregister' it first",
    ENOMEM: "what was stored stays; 'ksmd unregister' gives it back",
  },
  load: () => import('./ksmpages.js'),
});

export const profile = verb({
  name: 'profile',
  summary: "where the scanner's time goes, symbol by symbol",
  options: [
    new Option('--seconds <n>', 'how long, 0.1 to 60; Ctrl-C gives up')
      .argParser(parseSeconds)
      .default(5),
    new Option('--output <file>', "write a .cpuprofile for Chrome's DevTools as well"),
  ],
  examples: ['ksmd profile --seconds 10', 'ksmd profile --output scanner.cpuprofile'],
  json: true,
  hints: FILE_HINTS,
  load: () => import('./profile.js'),
});

export const demo = verb({
  name: 'demo',
  summary: 'watch two guests merge, on a daemon that comes and goes with the demo',
  options: [
    new Option('--size <size>', 'memory of each guest, up to 1 GiB')
      .argParser(parseBytes)
      .default(64 * 2 ** 20, '64MiB'),
  ],
  examples: ['ksmd demo', 'ksmd demo --size 16MiB'],
  json: true,
  socket: false,
  load: () => import('./demo.js'),
});

export const completion = verb({
  name: 'completion',
  summary: 'print the completion of these commands for a shell',
  details: [
    'Completes commands, options, their choices, names of tunables and counters, and, if ' +
      'the daemon answers, of guests and workloads. It belongs where the shell looks for ' +
      'completions; to try it in bash: source <(ksmd completion bash)',
  ],
  arguments: [new Argument('<shell>').choices(SHELLS)],
  examples: [
    'ksmd completion bash > /etc/bash_completion.d/ksmd',
    'ksmd completion zsh > /usr/local/share/zsh/site-functions/_ksmd',
    'ksmd completion fish > ~/.config/fish/completions/ksmd.fish',
  ],
  socket: false,
  load: () => import('./completion.js'),
});
