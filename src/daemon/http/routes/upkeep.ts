/** /v1/check, /v1/scanner/restart and /v1/snapshot: looking after a running daemon. */

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { KsmdError } from '../../../errors.js';
import { checkHost } from '../../../inspect/check.js';
import { CheckAnswer, RestartAnswer } from '../../../protocol/routes/upkeep.js';
import { Snapshot } from '../../../snapshot/capture.js';
import { type Api, type Context, route } from '../context.js';

const OCTETS = 'application/octet-stream';
const Octets = {
  content: { [OCTETS]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } },
};

export function upkeepRoutes(api: Api, { host, scanner }: Context): void {
  let snapshots = 0;

  api.route({
    ...route('check', {}, { 200: CheckAnswer }),
    handler: () => ({ disagreements: checkHost(host) }),
  });

  api.route({
    ...route('restartScanner', {}, { 200: RestartAnswer }),
    handler: async () => {
      const heard = new AbortController();
      const restarted = once(scanner, 'restarted', { signal: heard.signal }).then(
        ([afterMs]) => afterMs as number,
      );
      const gaveUp = once(scanner, 'gaveUp', { signal: heard.signal }).then(() => {
        throw new KsmdError('EBUSY', 'no scanner can be started any more');
      });
      scanner.kill();
      try {
        return { afterMs: await Promise.race([restarted, gaveUp]) };
      } finally {
        // Whichever did not come is not waited for any more.
        gaveUp.catch(() => {});
        restarted.catch(() => {});
        heard.abort();
      }
    },
  });

  api.route({
    ...route('snapshot', {}, { 200: Octets }),
    handler: (_request, reply) => {
      // Each holds the frames of all guests until it is read.
      if (snapshots > 0)
        throw new KsmdError('EBUSY', 'a snapshot is being taken: wait for its end');
      const snapshot = Snapshot.take(host);
      snapshots++;
      reply.raw.once('close', () => snapshots--);
      reply.header('content-type', OCTETS).header('content-length', snapshot.byteLength);
      return Readable.from(snapshot.chunks(), { objectMode: false });
    },
  });
}
