/**
 * What /v1/map answers and /v1/live streams: the state of every page, and what changes of it.
 *
 * Pages are named by *slot*, their place in the machine's table of registered pages: a region's
 * pages have consecutive ones, from `first` on. A slot that belongs to no region is untouched.
 * Whoever wants to keep up opens /v1/live, asks for /v1/map, and applies what the stream says with
 * a later `tick`.
 *
 * `runs` are states in run-length code (run-lengths.ts), in base64.
 */
import { type Static, Type } from 'typebox';
import { type EventOf, eventStream } from '../content.js';
import { Sample } from '../history.js';
import type { Routes } from '../route.js';
import { KsmFiles } from './ksm.js';

const Tick = Type.Integer({ description: 'goes up with every look at the pages' });
const Runs = Type.String({ description: 'states of pages as run lengths, in base64' });

/** Of a guest, in this order: presentPages, mergedPages, zeroPages, rmapItems, visits. */
export const GUEST_NUMBERS = [
  'presentPages',
  'mergedPages',
  'zeroPages',
  'rmapItems',
  'visits',
] as const;
const GuestNumbers = Type.Array(Type.Integer(), { description: GUEST_NUMBERS.join(', ') });

export const MapRegion = Type.Object({
  name: Type.String(),
  address: Type.Integer(),
  pages: Type.Integer(),
  huge: Type.Boolean({ description: 'it is advised to huge pages' }),
  first: Type.Integer({ description: 'slot' }),
});
export type MapRegion = Static<typeof MapRegion>;

export const MapGuest = Type.Object({
  name: Type.String(),
  node: Type.Integer(),
  numbers: GuestNumbers,
  regions: Type.Array(MapRegion, { description: 'in order of address' }),
});
export type MapGuest = Static<typeof MapGuest>;

export const PageMapAnswer = Type.Object({
  tick: Tick,
  pageSize: Type.Integer(),
  states: Type.Array(Type.String(), { description: 'what the numbers in `runs` stand for' }),
  guests: Type.Array(MapGuest),
  slots: Type.Integer({ description: 'how many `runs` may reach' }),
  runs: Runs,
});
export type PageMapAnswer = Static<typeof PageMapAnswer>;

/** Server-sent events of /v1/live, by name. `history` and `files` come first, whole. */
export const LIVE_EVENTS = {
  history: Type.Array(Sample, {
    description:
      'oldest first: a second apart in the last ten minutes, two minutes apart in the day ' +
      'before; tunables of one are those that have been set since the one before',
  }),
  sample: Sample,
  files: Type.Object(
    { scanner: Type.Optional(Type.String()), counters: KsmFiles, tunables: KsmFiles },
    { description: 'those that have changed' },
  ),
  pages: Type.Object({
    tick: Tick,
    runs: Runs,
    cursor: Type.Integer({ description: 'slot the scanner goes on at, or -1' }),
  }),
  guests: Type.Object({
    tick: Tick,
    rows: Type.Array(Type.Tuple([Type.Integer(), GuestNumbers]), {
      description: 'by place in guests',
    }),
  }),
  map: Type.Object(
    { tick: Tick },
    { description: 'guests or regions have changed, or too many pages to list: ask for /v1/map' },
  ),
  warning: Type.Object({ message: Type.String() }),
} as const;

export type LiveEventName = keyof typeof LIVE_EVENTS;
export type LiveEvent = EventOf<typeof LIVE_EVENTS>;

export const LIVE_ROUTES = {
  pageMap: {
    method: 'GET',
    path: '/v1/map',
    summary: 'The state of every page of every guest',
    description:
      'runs are states in run-length code, in base64: an entry is a byte, its low four ' +
      'bits a place in states, its high four bits the length less one; 15 there: the ' +
      'length less 16 follows, seven bits a byte, low ones first, the top bit set in all ' +
      'but the last.',
    overTcp: true,
    duringRestart: true,
    answers: { 200: PageMapAnswer },
  },
  live: {
    method: 'GET',
    path: '/v1/live',
    summary: 'Server-sent events: samples, counters, tunables, guests and pages as they change',
    description:
      'It goes on until one side closes. history and files come first, whole. Open this, ' +
      'ask for /v1/map, and apply what has a later tick.',
    overTcp: true,
    duringRestart: true,
    begins: true,
    answers: { 200: eventStream(LIVE_EVENTS) },
  },
} as const satisfies Routes;
