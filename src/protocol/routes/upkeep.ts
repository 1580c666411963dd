/** /v1/check, /v1/scanner/restart and /v1/snapshot: looking after a running daemon. */
import { type Static, Type } from 'typebox';
import { OCTETS } from '../content.js';
import type { Routes } from '../route.js';

export const CheckAnswer = Type.Object({
  disagreements: Type.Array(Type.String(), {
    description: 'a sentence each, of more than 1,000 how many more there are; none if all agrees',
  }),
});
export type CheckAnswer = Static<typeof CheckAnswer>;

export const RestartAnswer = Type.Object({
  afterMs: Type.Number({ description: 'how long no scanner ran' }),
});
export type RestartAnswer = Static<typeof RestartAnswer>;

export const UPKEEP_ROUTES = {
  check: {
    method: 'GET',
    path: '/v1/check',
    summary: 'Recount everything from frames and page tables',
    description: 'It looks at every page, and guests stand still meanwhile.',
    overTcp: false,
    duringRestart: false,
    answers: { 200: CheckAnswer },
  },
  restartScanner: {
    method: 'POST',
    path: '/v1/scanner/restart',
    summary: 'Kill the scanner; another takes over',
    description: 'For trying that: nothing is lost.',
    overTcp: false,
    duringRestart: false,
    answers: { 200: RestartAnswer },
  },
  snapshot: {
    method: 'GET',
    path: '/v1/snapshot',
    summary: 'A consistent image of all guests, while they run',
    description:
      'Guests are held while it is noted which frames are theirs, and run on while it is ' +
      'sent. ksmd start --restore takes it.',
    overTcp: false,
    duringRestart: false,
    begins: true,
    answers: { 200: OCTETS },
  },
} as const satisfies Routes;
