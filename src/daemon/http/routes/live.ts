/** /v1/map and /v1/live: the state of every page, and what changes of it while somebody looks. */
import { Type } from 'typebox';
import { LIVE_EVENTS, PageMapAnswer } from '../../../protocol/routes/live.js';
import { type Api, type Context, route } from '../context.js';

const LiveStream = {
  description: `server-sent events: ${Object.keys(LIVE_EVENTS).join(', ')}`,
  content: {
    'text/event-stream': { schema: Type.Unsafe<NodeJS.ReadableStream>({ type: 'string' }) },
  },
};

export function liveRoutes(api: Api, { live, streams }: Context): void {
  api.route({
    ...route('pageMap', {}, { 200: PageMapAnswer }),
    handler: (_request, reply) => {
      reply.header('cache-control', 'no-store').type('application/json');
      // As it is: it has been rendered, once for all who ask.
      return live.map() as unknown as PageMapAnswer;
    },
  });

  api.route({
    ...route('live', {}, { 200: LiveStream }),
    handler: (_request, reply) => {
      reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store');
      return streams.start((send) => live.subscribe(send));
    },
  });
}
