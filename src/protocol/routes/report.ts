/** /v1/report: what people ask of KSM, rather than its counters. */
import { type Static, Type } from 'typebox';
import { APART_REASONS, PAGE_STATES } from '../../names.js';
import type { Routes } from '../route.js';
import { Status } from './status.js';

/** How many pages are in each state. */
export const PagesByState = Type.Record(Type.Enum([...PAGE_STATES]), Type.Integer());
export type PagesByState = Static<typeof PagesByState>;

/** What a guest takes up, as /proc/PID/smaps has it of a process. The zero page is in none. */
export const Footprint = Type.Object({
  rssPages: Type.Integer({ description: 'pages that have a frame, their own or shared' }),
  pssBytes: Type.Integer({
    description: 'bytes of their frames: of one that is mapped n times, an n-th for each',
  }),
  hugePages: Type.Integer({ description: 'huge pages that are mapped as one' }),
  ksmPages: Type.Integer({ description: 'pages that map a KSM page' }),
  ksmPssBytes: Type.Integer({ description: 'their part of pssBytes' }),
  forkSharedPages: Type.Integer({
    description:
      'pages whose frame another guest maps too, at the same place, since one of them was forked',
  }),
});
export type Footprint = Static<typeof Footprint>;

export const GuestReport = Type.Object({
  name: Type.String(),
  pages: PagesByState,
  footprint: Footprint,
  netBytes: Type.Integer({
    description:
      'what its merged pages would take up less bookkeeping: ksm_process_profit. Of pages ' +
      'merged with each other each counts',
  }),
});
export type GuestReport = Static<typeof GuestReport>;

/** Pages that need no frame of their own, because KSM has merged them. */
export const Sharing = Type.Object({
  zeroPages: Type.Integer({
    description: 'of zeroes, and those that map the zero page: memory that was perhaps never used',
  }),
  withinGuestPages: Type.Integer({ description: 'others, equal to a page of the same guest' }),
  betweenGuestsPages: Type.Integer({ description: 'others, equal to pages of other guests only' }),
});
export type Sharing = Static<typeof Sharing>;

export const Report = Type.Object({
  pageSize: Type.Integer(),
  saved: Status.properties.saved,
  sharing: Sharing,
  pages: PagesByState,
  guests: Type.Array(GuestReport, { description: 'those that gain most first' }),
  scan: Type.Object({
    running: Type.Boolean(),
    pagesPerSecond: Type.Number({ description: 'over the last seconds, up to ten' }),
    pace: Type.Enum(['own', 'kernel'], { description: 'whose time all of this is' }),
    cpuShare: Type.Number({
      description: 'of one processor, by ksmd’s own scanner, over the same time',
    }),
    kernelCpuShare: Type.Number({
      description:
        'what a kernel’s scanner would have taken for the same: more than 1 where ksmd, at its ' +
        'own pace, has done more than one could',
    }),
    duePages: Type.Integer({ description: 'that a full scan visits now' }),
    fullScanMs: Type.Optional(
      Type.Number({
        description:
          'what a full scan takes at these settings, or would if run were 1; absent where ' +
          'nothing is to be scanned',
      }),
    ),
    mergedAfterScans: Type.Integer({
      description:
        'full scans after which a page that stays as it is has merged with its like, if that is ' +
        'merged already',
    }),
    meetsAlone: Type.Enum(['always', 'perhaps'], {
      description:
        'whether it merges after as many with a page that had been without its like. perhaps: ' +
        'smart scan visits such in one full scan of nine, so the two meet after 2 to 14, or never',
    }),
    mergedAfterMs: Type.Optional(Type.Number({ description: 'how long these take' })),
  }),
});
export type Report = Static<typeof Report>;

/** Pages that are equal at this moment and not merged. */
export const Unmerged = Type.Object({
  pages: Type.Integer({ description: 'equal to a page of another frame, and not merged' }),
  sample: Type.Integer({
    description:
      'one content in so many was looked at, and stands for the others; more than 1 only on ' +
      'hosts of fingerprints with more than two million frames in use',
  }),
  reasons: Type.Record(Type.Enum([...APART_REASONS]), Type.Integer(), {
    description:
      'they, by what each waits for: sums up to pages. due: nothing is in the way, the scanner ' +
      'has yet to come by; notYetDue: its like is merged, and smart scan leaves it out for a ' +
      'while; outOfPhase: smart scan leaves it or its like out, and one of the next full scans ' +
      'visits both; neverInPhase: none will, as smart scan goes on; changed: it or its like has ' +
      'changed lately; limit: at max_page_sharing; node: its like is on another NUMA ' +
      'node; unadvised: it or its like is not advised mergeable',
  }),
  withoutSmartScan: Type.Object(
    {
      pages: Type.Integer({ description: 'that would merge' }),
      freedPages: Type.Integer({ description: 'frames that would come free' }),
    },
    { description: 'what smart_scan=0 would have, within two full scans' },
  ),
});
export type Unmerged = Static<typeof Unmerged>;

export const REPORT_ROUTES = {
  report: {
    method: 'GET',
    path: '/v1/report',
    summary: 'What is saved and by whom, why the rest is not, how long a full scan takes',
    description: 'It looks at every page: for people who ask now and then.',
    overTcp: true,
    duringRestart: true,
    answers: { 200: Report },
  },
  unmerged: {
    method: 'GET',
    path: '/v1/unmerged',
    summary: 'Pages that are equal at this moment and not merged, and why',
    overTcp: true,
    duringRestart: true,
    answers: { 200: Unmerged },
  },
} as const satisfies Routes;
