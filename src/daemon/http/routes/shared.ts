/** /v1/shared: who shares with whom. */
import type { SHARED_ROUTES } from '../../../protocol/routes/shared.js';
import { SharedLooks } from '../../threads/shared-looks.js';
import type { Context } from '../context.js';
import { type Handlers, RenderedJson } from '../register.js';

export function sharedHandlers({ host }: Context): Handlers<typeof SHARED_ROUTES> {
  const looks = new SharedLooks(host);
  return {
    shared: async ({ query }) => new RenderedJson(await looks.look(query)),
  };
}
