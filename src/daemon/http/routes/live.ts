/** /v1/map and /v1/live: the state of every page, and what changes of it while somebody looks. */
import type { LIVE_ROUTES } from '../../../protocol/routes/live.js';
import type { Context } from '../context.js';
import { type Handlers, RenderedJson } from '../register.js';

export function liveHandlers({ live, streams }: Context): Handlers<typeof LIVE_ROUTES> {
  return {
    pageMap: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      // Once for all who ask.
      return new RenderedJson(await live.map());
    },
    live: (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return streams.start((send) => live.subscribe(send));
    },
  };
}
