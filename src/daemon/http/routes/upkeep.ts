/** /v1/check, /v1/scanner/restart and /v1/snapshot: looking after a running daemon. */

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { KsmdError } from '../../../errors.js';
import { checkHostInSlices } from '../../../inspect/check.js';
import type { UPKEEP_ROUTES } from '../../../protocol/routes/upkeep.js';
import { Snapshot } from '../../../snapshot/capture.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function upkeepHandlers({
  host,
  scanner,
  standstill,
}: Context): Handlers<typeof UPKEEP_ROUTES> {
  let isTaken = false;
  return {
    check: async (_request, reply) => ({
      disagreements: await standstill.look(() => checkHostInSlices(host), untilClosed(reply)),
    }),
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
    snapshot: async (_request, reply) => {
      // Each holds the frames of all guests until it is read.
      if (isTaken) throw new KsmdError('EBUSY', 'a snapshot is being taken: wait for its end');
      isTaken = true;
      const gone = untilClosed(reply);
      gone.addEventListener('abort', () => {
        isTaken = false;
      });
      const snapshot = await standstill.changeInSlices(() => Snapshot.takeInSlices(host));
      const chunks = snapshot.chunks();
      // Every frame still held is let go of, also if not even the first is asked for.
      const giveUp = (): void => void chunks.return?.();
      if (gone.aborted) giveUp();
      else gone.addEventListener('abort', giveUp);
      reply.header('content-length', snapshot.byteLength);
      return Readable.from(turnByTurn(chunks), { objectMode: false });
    },
  };
}

/** Aborted when whoever asked has gone before the answer. */
function untilClosed({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  return gone.signal;
}

/** With a turn of the event loop between two chunks, however fast the reader is. */
async function* turnByTurn(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk;
    await turn();
  }
}
