/** /v1/profile: where the scanner thread's time goes while it runs. */
import { finished } from 'node:stream';
import { Type } from 'typebox';
import { KsmdError } from '../../../errors.js';
import { CpuProfile, ProfileRequest } from '../../../protocol/routes/profile.js';
import { type Api, type Context, route } from '../context.js';

/** It comes from the scanner thread as text, and is passed on as it is. */
const ProfileText = Type.Unsafe<string>(CpuProfile);

export function profileRoutes(api: Api, { profiling }: Context): void {
  api.route({
    ...route('profile', { body: ProfileRequest }, { 200: ProfileText }),
    handler: ({ body }, reply) => {
      const gone = new AbortController();
      // Whoever asked may have gone already, while the scanner was being restarted.
      finished(reply.raw, () =>
        gone.abort(new KsmdError('EINTR', 'nobody waits for the profile any more')),
      );
      reply.type('application/json');
      return profiling.take(body.seconds, gone.signal);
    },
  });
}
