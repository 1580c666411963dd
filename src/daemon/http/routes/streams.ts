/** /v1/events and /v1/logs: what goes on until its reader goes. */
import { Type } from 'typebox';
import { EVENTS, LogsQuery } from '../../../protocol/routes/streams.js';
import { lineFilter } from '../../log/log-filter.js';
import { type Api, type Context, route } from '../context.js';

const DEFAULT_LINES = 100;

const EventStream = {
  description: `server-sent events: ${Object.keys(EVENTS).join(', ')}`,
  content: {
    'text/event-stream': { schema: Type.Unsafe<NodeJS.ReadableStream>({ type: 'string' }) },
  },
};
const Lines = {
  content: {
    'application/x-ndjson': {
      schema: Type.Unsafe<NodeJS.ReadableStream | string>({ type: 'string' }),
    },
  },
};

export function streamRoutes(api: Api, { events, log, streams }: Context): void {
  api.route({
    ...route('events', {}, { 200: EventStream }),
    handler: (_request, reply) => {
      const stream = streams.start((send) => {
        // The reader learns at once that it is connected.
        send(': ksmd\n\n');
        return events.subscribe(({ event, data }) =>
          send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        );
      });
      reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store');
      return stream;
    },
  });

  api.route({
    ...route('logs', { querystring: LogsQuery }, { 200: Lines }),
    handler: ({ query }, reply) => {
      const wanted = lineFilter(query);
      const kept = log.last(Number.POSITIVE_INFINITY).filter(wanted);
      const count = query.lines === undefined ? DEFAULT_LINES : Number(query.lines);
      const last = kept.slice(Math.max(0, kept.length - count)).join('');
      reply.header('content-type', 'application/x-ndjson');
      if (query.follow !== '1' && query.follow !== 'true') return last;
      // The reader learns at once that it is connected, though there may be no line yet.
      setImmediate(() => reply.raw.flushHeaders());
      return streams.start((send) => {
        send(last);
        return log.follow((line) => {
          if (wanted(line)) send(line);
        });
      });
    },
  });
}
