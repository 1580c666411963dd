/** /v1/events and /v1/logs: what goes on until its reader goes. */
import { type Static, Type } from 'typebox';
import { LOG_LEVELS } from '../../names.js';
import { type EventOf, eventStream } from '../content.js';
import type { Routes } from '../route.js';
import { Name } from '../values.js';

export const LogsQuery = Type.Object(
  {
    lines: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,6}$', description: 'a whole number of lines' }),
    ),
    level: Type.Optional(
      Type.Enum([...LOG_LEVELS], {
        description: LOG_LEVELS.join(', ').replace(/, (\w+)$/, ' or $1'),
      }),
    ),
    guest: Type.Optional(Name),
    follow: Type.Optional(Type.Enum(['0', '1', 'true', 'false'], { description: 'true or false' })),
  },
  { additionalProperties: false },
);
/**
 * Lines of `level` and above, that tell of `guest`: the last `lines` of them, and with `follow` the
 * next ones.
 */
export type LogsQuery = Static<typeof LogsQuery>;

/** Server-sent events, by name. */
export const EVENTS = {
  merges: Type.Object({ pages: Type.Integer({ description: 'merged since the last such event' }) }),
  breaks: Type.Object({
    pages: Type.Integer({
      description: 'merged ones given a frame of their own again since the last such event',
    }),
  }),
  splits: Type.Object({
    hugePages: Type.Integer({ description: 'split by KSM since the last such event' }),
  }),
  collapses: Type.Object({
    hugePages: Type.Integer({ description: 'made by khugepaged since the last such event' }),
  }),
  full_scan: Type.Object({
    full_scans: Type.Integer(),
    pages_shared: Type.Integer(),
    pages_sharing: Type.Integer(),
  }),
  warning: Type.Object({ message: Type.String() }),
} as const;

export type KsmdEvent = EventOf<typeof EVENTS>;

export const STREAM_ROUTES = {
  events: {
    method: 'GET',
    path: '/v1/events',
    summary: 'Server-sent events: merges, breaks, splits, collapses, full scans, warnings',
    description:
      'It goes on until one side closes. What happens often is summed up, some times a ' +
      'second.',
    overTcp: true,
    duringRestart: true,
    begins: true,
    answers: { 200: eventStream(EVENTS) },
  },
  logs: {
    method: 'GET',
    path: '/v1/logs',
    summary: 'Last lines of the log, one JSON object a line',
    description: 'With follow it goes on until one side closes.',
    overTcp: false,
    duringRestart: true,
    query: LogsQuery,
    answers: { 200: { content: { 'application/x-ndjson': { schema: Type.String() } } } },
  },
} as const satisfies Routes;
