/** Verbs on guests: their memory, and what they say of it. */
import { Argument, Option } from 'commander';
import { ADVICE } from '../../../names.js';
import { PROCESS_OPTIONS } from '../../process-options.js';
import { parseBytes, parseCount, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

export const register = verb({
  name: 'register',
  summary: 'make guests of the memory of processes, of a file, or of empty pages',
  details: [
    'Of a process its private memory is taken that is present: what it has advised mergeable, if ' +
      'it has advised anything, else all. What is left out is said. Processes that a fork has ' +
      'made of one another share as they do, if they are registered together.',
    'Of a recording (ksmd capture) all guests are taken, as its last whole sweep has them, by a ' +
      'daemon that holds fingerprints, of the same sample.',
  ],
  arguments: [
    new Argument(
      '[guest]',
      "1 to 64 letters, digits, '.', '_' or '-'; several processes have their numbers behind it",
    ),
  ],
  options: [
    ...PROCESS_OPTIONS,
    new Option('--image <file>', "an image of memory, whatever its format; '-': standard input"),
    new Option('--raw', 'take the bytes of --image as they are, whatever they look like'),
    new Option('--recording <file>', 'what a recording of processes or images has last'),
    new Option('--pages <n>', 'this many untouched pages').argParser(parsePositive),
    new Option('--address <address>', 'where --image or --pages go in the guest').argParser(
      parseBytes,
    ),
    new Option('--huge', 'advise --image or --pages to huge pages'),
    new Option('--node <n>', 'the NUMA node that its memory comes from (default: 0)').argParser(
      parseCount,
    ),
    new Option(
      '--key <file>',
      "what a daemon's fingerprints of pages are made with; made if there is none (default: " +
        '~/.config/ksmd/key)',
    ),
  ],
  examples: [
    'ksmd register web --pid 1234',
    'ksmd register --qemu',
    'ksmd register vm1 --image vm1.mem',
    'ksmd register --recording host.rec',
    'ksmd register empty --pages 16384 --huge',
  ],
  json: true,
  hints: {
    EEXIST: "choose another name, or 'ksmd unregister' it first",
    ENOMEM: 'nothing is left of the guest; a daemon with more --memory holds more',
  },
  load: () => import('./register.js'),
});

export const unregister = verb({
  name: 'unregister',
  summary: 'remove a guest and all its memory',
  arguments: [new Argument('<guest>')],
  examples: ['ksmd unregister web'],
  hints: { ENOENT: "'ksmd guests' lists them" },
  load: () => import('./unregister.js'),
});

export const fork = verb({
  name: 'fork',
  summary: 'make a guest that shares all pages of another until one of both writes',
  details: [
    'As fork(2) does: the child has the regions of the guest at the same addresses, with the ' +
      'same advice. Workloads of the guest go on in the guest alone.',
  ],
  arguments: [
    new Argument('<guest>', 'the parent'),
    new Argument('<child>', "the new guest: 1 to 64 letters, digits, '.', '_' or '-'"),
  ],
  examples: ['ksmd fork web web-1'],
  json: true,
  hints: {
    ENOENT: "'ksmd guests' lists them",
    EEXIST: "choose another name, or 'ksmd unregister' it first",
  },
  load: () => import('./fork.js'),
});

export const prctl = verb({
  name: 'prctl',
  summary: 'have all memory of a guest mergeable, or none of it',
  details: [
    'PR_SET_MEMORY_MERGE, which MemoryKSM= of systemd sets. On: all that the guest has and will ' +
      'map is mergeable; its children inherit that, and exec keeps it. Off: its merged pages get ' +
      'frames of their own, and all advice is gone, what madvise gave too.',
  ],
  arguments: [new Argument('<guest>')],
  options: [
    new Option('--merge <switch>', 'whether all is to be mergeable')
      .choices(['on', 'off'])
      .makeOptionMandatory(),
  ],
  examples: ['ksmd prctl web --merge on'],
  json: true,
  hints: {
    ENOENT: "'ksmd guests' lists them",
    ENOMEM: 'a daemon with more --memory has frames for what is given back',
  },
  load: () => import('./prctl.js'),
});

export const exec = verb({
  name: 'exec',
  summary: 'let a guest become another program: all its memory goes',
  details: [
    'As execve(2) does: regions and advice are gone, and workloads end. What prctl has set stays.',
  ],
  arguments: [new Argument('<guest>')],
  examples: ['ksmd exec web-1'],
  json: true,
  hints: {
    ENOENT: "'ksmd guests' lists them",
    ENOSPC: "'ksmd scan' or a running scanner lets go of guests that are gone",
  },
  load: () => import('./exec.js'),
});

export const guests = verb({
  name: 'guests',
  summary: 'all guests, or one and its regions',
  arguments: [new Argument('[guest]', 'show the regions of this one')],
  examples: ['ksmd guests', 'ksmd guests web'],
  json: true,
  hints: { ENOENT: "'ksmd guests' lists them" },
  load: () => import('./guests.js'),
});

export const read = verb({
  name: 'read',
  summary: "print bytes of a guest's memory",
  arguments: [
    new Argument('<guest>'),
    new Argument('<address>', 'bytes, like 0x100000000').argParser(parseBytes),
    new Argument('<length>', 'bytes, like 4096 or 64KiB').argParser(parseBytes),
  ],
  options: [new Option('--hex', 'as a dump in hexadecimal (default: to a terminal)')],
  details: ['As JSON it is an object for each 4096 bytes, with the address of the first of them.'],
  json: true,
  examples: ['ksmd read web 0x100000000 64 --hex', 'ksmd read vm1 0x100000000 64MiB > vm1.mem'],
  hints: { ENOENT: "'ksmd guests' lists them", EFAULT: "'ksmd guests GUEST' lists its regions" },
  load: () => import('./read.js'),
});

export const write = verb({
  name: 'write',
  summary: "store bytes into a guest's memory",
  arguments: [
    new Argument('<guest>'),
    new Argument('<address>', 'bytes, like 0x100000000').argParser(parseBytes),
  ],
  options: [new Option('--file <file>', 'the bytes to store (default: standard input)')],
  examples: [
    'echo hello | ksmd write web 0x100000000',
    'ksmd write vm1 0x100000000 --file page.bin',
  ],
  hints: { ENOENT: "'ksmd guests' lists them", EFAULT: "'ksmd guests GUEST' lists its regions" },
  load: () => import('./write.js'),
});

export const madvise = verb({
  name: 'madvise',
  summary: 'advise pages mergeable, unmergeable or dontneed, or collapse them',
  details: [
    'collapse makes huge pages of pages that are mapped one by one, in regions advised to huge ' +
      'pages: each 512 in a row at addresses of whole huge pages. What it has collapsed stays so ' +
      'if it fails further on.',
  ],
  arguments: [new Argument('<guest>'), new Argument('<advice>').choices(ADVICE)],
  options: [
    new Option('--region <region>', 'a whole region'),
    new Option('--address <address>', 'first byte, at the beginning of a page').argParser(
      parseBytes,
    ),
    new Option('--length <length>', 'bytes, whole pages of them').argParser(parseBytes),
  ],
  examples: [
    'ksmd madvise web unmergeable --region memory',
    'ksmd madvise web dontneed --address 0x100000000 --length 64KiB',
    'ksmd madvise vm1 collapse --region memory',
  ],
  hints: {
    ENOENT: "'ksmd guests GUEST' lists its regions",
    EFAULT: "'ksmd guests GUEST' lists its regions",
    EAGAIN: "'ksmd madvise GUEST unmergeable' first gives each page a frame of its own",
  },
  load: () => import('./madvise.js'),
});
