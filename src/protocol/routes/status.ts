/** /v1/status and /v1/stop. */
import { type Static, Type } from 'typebox';
import { SCANNER_STATES, SYSFS_CARRIERS } from '../../names.js';
import type { Routes } from '../route.js';
import { KeyId } from '../values.js';
import { Counters } from './ksm.js';

export const Status = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  uptimeMs: Type.Integer(),
  kernel: Type.String({ description: 'whose order of steps is followed' }),
  pageSize: Type.Integer({ description: 'bytes' }),
  fingerprints: Type.Optional(
    Type.Object(
      {
        frameBytes: Type.Integer({ description: 'of each' }),
        oneIn: Type.Integer({
          description:
            'one page in so many is held, by its content, and all that is counted is of these; ' +
            '1: all are',
        }),
        reservedBytes: Type.Integer({ description: 'what all of it takes, tables included' }),
        keyId: Type.Optional(KeyId),
      },
      {
        description:
          'of a host that holds fingerprints of pages and not their bytes. All sizes else are ' +
          'those of the pages. keyId: of the key that all are made with, once there is one',
      },
    ),
  ),
  memory: Type.Object({
    totalBytes: Type.Integer(),
    usedBytes: Type.Integer(),
    freeBytes: Type.Integer(),
    failedStores: Type.Integer({
      description: 'stores given up for want of a frame, since the start',
    }),
  }),
  guests: Type.Integer(),
  registeredPages: Type.Integer(),
  presentPages: Type.Integer({
    description: 'registered pages that have a frame, their own or shared',
  }),
  zeroPages: Type.Integer({
    description: 'pages that map the zero page, because KSM has put it there',
  }),
  hugePages: Type.Integer({ description: 'huge pages that guests map as one' }),
  cpus: Type.Integer({ description: 'processors that the daemon may run on' }),
  workloads: Type.Object({
    running: Type.Integer({ description: 'guest threads' }),
    waiting: Type.Integer({ description: 'guest threads that wait for a free frame' }),
    cpuMs: Type.Integer({ description: 'processor time of all guest threads since the start' }),
  }),
  totals: Type.Object(
    {
      pagesScanned: Type.Integer(),
      merges: Type.Integer({ description: 'pages that came to be listed from a KSM page' }),
      cowBreaks: Type.Integer({
        description: 'pages that were merged and got a frame of their own again',
      }),
      splits: Type.Integer({ description: 'huge pages that KSM split, to merge a page of them' }),
      collapses: Type.Integer({ description: 'huge pages that khugepaged made' }),
      splitZeroPages: Type.Integer({
        description:
          'pages of zeroes whose frames were given back as their huge page was split, once more ' +
          'for each time that khugepaged had made it anew: they are in no counter of the ' +
          'kernel’s, and not in saved',
      }),
    },
    { description: 'since the start, whatever kernel is followed' },
  ),
  scanner: Type.Object({
    state: Type.Enum([...SCANNER_STATES]),
    cpuMs: Type.Integer({ description: 'processor time of ksmd’s own scanner since the start' }),
    kernelCpuMs: Type.Integer({
      description:
        'processor time that a kernel’s scanner would have taken for the same, by these prices',
    }),
    prices: Type.Object(
      {
        measuredOn: Type.String({ description: 'kernel and processor' }),
        areDefault: Type.Boolean({ description: 'they came with ksmd: nobody measured any' }),
      },
      { description: 'whose a kernel’s work is counted at: --prices, as ksmd calibrate has them' },
    ),
    fullScanShare: Type.Optional(
      Type.Number({
        description:
          'how far the full scan under way is, 0 to 1, of the pages that have a frame; absent ' +
          'between two full scans',
      }),
    ),
  }),
  sysfs: Type.Optional(
    Type.Object(
      {
        directory: Type.String({ description: 'an absolute path; proc is beside it' }),
        as: Type.Enum([...SYSFS_CARRIERS], {
          description:
            'mount: a read is of its moment, and a write returns when it is done, with its own ' +
            'error; picture: plain files that follow, for who cannot mount',
        }),
      },
      { description: 'the kernel’s files, with --sysfs' },
    ),
  ),
  counters: Counters,
  saved: Type.Object({
    pages: Type.Integer({
      description:
        'frames that KSM spares: what would be used more if it had merged nothing. pages_sharing ' +
        'counts pages that a fork shares as well, and so may be many times as much',
    }),
    bytes: Type.Integer(),
    bookkeepingBytes: Type.Integer({
      description: 'what the kernel spends on knowing them: 64 bytes a page it has seen',
    }),
    netBytes: Type.Integer({ description: 'bytes less bookkeepingBytes' }),
    share: Type.Number({ description: 'of the frames that would be used, 0 to 1' }),
    forkSharedPages: Type.Integer({
      description:
        'frames that forks spare, with KSM or without: pages that have not been written since a ' +
        'fork, but for one of those at the same place; no part of pages',
    }),
    forkSharedAgeMs: Type.Integer({
      description: 'how long ago these were counted: about a second at most',
    }),
  }),
});
export type Status = Static<typeof Status>;

export const Stopping = Type.Object({ stopping: Type.Literal(true) });

export const STATUS_ROUTES = {
  status: {
    method: 'GET',
    path: '/v1/status',
    summary: 'Version, memory, scanner, counters and what is saved',
    description: 'For programs that ask all the time: it looks at no page.',
    overTcp: true,
    duringRestart: true,
    answers: { 200: Status },
  },
  stop: {
    method: 'POST',
    path: '/v1/stop',
    summary: 'Stop the daemon once this is answered',
    description: 'All guests go with it.',
    overTcp: false,
    duringRestart: true,
    answers: { 200: Stopping },
  },
} as const satisfies Routes;
