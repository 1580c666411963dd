/** /v1/check, /v1/scanner/restart and /v1/snapshot: looking after a running daemon. */

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { KsmdError } from '../../../errors.js';
import { checkHost } from '../../../inspect/check.js';
import type { UPKEEP_ROUTES } from '../../../protocol/routes/upkeep.js';
import { Snapshot } from '../../../snapshot/capture.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function upkeepHandlers({ host, scanner }: Context): Handlers<typeof UPKEEP_ROUTES> {
  let snapshots = 0;
  return {
    check: () => ({ disagreements: checkHost(host) }),
    restartScanner: async () => {
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
    snapshot: (_request, reply) => {
      // Each holds the frames of all guests until it is read.
      if (snapshots > 0)
        throw new KsmdError('EBUSY', 'a snapshot is being taken: wait for its end');
      const snapshot = Snapshot.take(host);
      snapshots++;
      reply.raw.once('close', () => snapshots--);
      reply.header('content-length', snapshot.byteLength);
      return Readable.from(snapshot.chunks(), { objectMode: false });
    },
  };
}
