/** /v1/profile: where the scanner thread's time goes while it runs. */
import { finished } from 'node:stream';
import { KsmdError } from '../../../errors.js';
import type { PROFILE_ROUTES } from '../../../protocol/routes/profile.js';
import type { Context } from '../context.js';
import { type Handlers, RenderedJson } from '../register.js';

export function profileHandlers({ profiling }: Context): Handlers<typeof PROFILE_ROUTES> {
  return {
    profile: async ({ body }, reply) => {
      const gone = new AbortController();
      // Whoever asked may have gone already, while the scanner was being restarted.
      finished(reply.raw, () =>
        gone.abort(new KsmdError('EINTR', 'nobody waits for the profile any more')),
      );
      return new RenderedJson(await profiling.take(body.seconds, gone.signal));
    },
  };
}
