/** /v1/map/classes: every page, told apart by something else than its state. */
import type { PAGE_CLASS_ROUTES } from '../../../protocol/routes/page-classes.js';
import { ClassLooks } from '../../feeds/class-looks.js';
import type { Context } from '../context.js';
import { type Handlers, RenderedJson } from '../register.js';
import { untilClosed } from '../until-closed.js';

export function pageClassHandlers({ host }: Context): Handlers<typeof PAGE_CLASS_ROUTES> {
  const looks = new ClassLooks(host);
  return {
    pageClasses: async ({ query }, reply) => {
      reply.header('cache-control', 'no-store');
      return new RenderedJson(await looks.look(query, untilClosed(reply)));
    },
  };
}
