/** /v1/events and /v1/logs: what goes on until its reader goes. */
import type { STREAM_ROUTES } from '../../../protocol/routes/streams.js';
import { lineFilter } from '../../log/log-filter.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

const DEFAULT_LINES = 100;

export function streamHandlers(context: Context): Handlers<typeof STREAM_ROUTES> {
  const { events, log, streams } = context;
  return {
    events: (_request, reply) => {
      const stream = streams.start((send) => {
        // The reader learns at once that it is connected.
        send(': ksmd\n\n');
        return events.subscribe(({ event, data }) =>
          send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        );
      });
      reply.header('cache-control', 'no-store');
      return stream;
    },
    logs: ({ query }, reply) => {
      const wanted = lineFilter(query);
      const kept = log.last(Number.POSITIVE_INFINITY).filter(wanted);
      const count = query.lines === undefined ? DEFAULT_LINES : Number(query.lines);
      const last = kept.slice(Math.max(0, kept.length - count)).join('');
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
  };
}
