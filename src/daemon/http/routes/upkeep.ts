/** /v1/check, /v1/scanner/restart and /v1/snapshot: looking after a running daemon. */

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { KsmdError } from '../../../errors.js';
import { checkHostInSlices } from '../../../inspect/check.js';
import type { RestartAnswer, UPKEEP_ROUTES } from '../../../protocol/routes/upkeep.js';
import { Snapshot } from '../../../snapshot/capture.js';
import type { Scanner } from '../../threads/scanner.js';
import type { Standstill } from '../../threads/standstill.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';
import { untilClosed } from '../until-closed.js';

export function upkeepHandlers({
  host,
  scanner,
  standstill,
}: Context): Handlers<typeof UPKEEP_ROUTES> {
  let isTaken = false;
  let restart: Promise<RestartAnswer> | undefined;
  return {
    check: async (_request, reply) => ({
      disagreements: await standstill.look(() => checkHostInSlices(host), untilClosed(reply)),
    }),
    // Who asks while it is under way gets the same answer.
    restartScanner: () => {
      restart ??= restarted(scanner).finally(() => {
        restart = undefined;
      });
      return restart;
    },
    snapshot: async (_request, reply) => {
      // Each holds the frames of all guests until it is read.
      if (isTaken) throw new KsmdError('EBUSY', 'a snapshot is being taken: wait for its end');
      isTaken = true;
      const gone = untilClosed(reply);
      try {
        const snapshot = await standstill.changeInSlices(() => Snapshot.takeInSlices(host));
        reply.header('content-length', snapshot.byteLength);
        const answer = sent(snapshot, standstill, () => {
          isTaken = false;
        });
        // Nobody asks for the first byte if whoever wanted it has gone by now.
        if (gone.aborted) answer.destroy();
        return answer;
      } catch (error) {
        isTaken = false;
        throw error;
      }
    },
  };
}

/** Kills the scanner; resolves once another has taken over. EBUSY if none can. */
async function restarted(scanner: Scanner): Promise<RestartAnswer> {
  const heard = new AbortController();
  const back = once(scanner, 'restarted', { signal: heard.signal }).then(
    ([afterMs]) => afterMs as number,
  );
  const gaveUp = once(scanner, 'gaveUp', { signal: heard.signal }).then(() => {
    throw new KsmdError('EBUSY', 'no scanner can be started any more');
  });
  scanner.kill();
  try {
    return { afterMs: await Promise.race([back, gaveUp]) };
  } finally {
    // Whichever did not come is not waited for any more.
    gaveUp.catch(() => {});
    back.catch(() => {});
    heard.abort();
  }
}

/**
 * A snapshot's bytes, with a turn of the event loop between two chunks, however fast the reader is.
 * However it ends, every frame still held is let go of, and then `ended` called.
 */
function sent(snapshot: Snapshot, standstill: Standstill, ended: () => void): Readable {
  const chunks = snapshot.chunks();
  return new Readable({
    async read() {
      await turn();
      // References are not to change while a check or a recovery counts them.
      await standstill.ready();
      if (!this.destroyed) this.push(chunks.next().value ?? null);
    },
    async destroy(error, done) {
      await standstill.betweenOthers(snapshot.giveUpInSlices());
      ended();
      done(error);
    },
  });
}
