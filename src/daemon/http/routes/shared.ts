/** /v1/shared: who shares with whom. */
import type { SHARED_ROUTES } from '../../../protocol/routes/shared.js';
import { SharedLooks } from '../../threads/shared-looks.js';
import type { Context } from '../context.js';
import { type Handlers, RenderedJson } from '../register.js';
import { untilClosed } from '../until-closed.js';

export function sharedHandlers(
  { host }: Pick<Context, 'host'>,
  looks: Pick<SharedLooks, 'look'> = new SharedLooks(host),
): Handlers<typeof SHARED_ROUTES> {
  return {
    shared: async ({ query }, reply) =>
      new RenderedJson(await looks.look(query, untilClosed(reply))),
  };
}
