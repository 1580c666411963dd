/**
 * Peers that are slow, silent, or too many: for each kind one bound, and a line in the log about
 * whoever is dropped. docs/api.md lists them.
 *
 * Deadlines are on progress, not on size. The one exception is the head of a request, which is
 * small: all of it is to come in time, or a byte now and then would do. Node keeps that deadline,
 * from a connection's first moment on, and the one of idle connections.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Timers } from '../timers.js';
import type { Context } from './context.js';
import { answerStalledBody } from './cut-requests.js';
import type { Limits } from './limits.js';
import { answerProgress, bodyProgress, StallWatch } from './stall-watch.js';
import { MAX_WAITING_REQUESTS, Turns } from './turns.js';

/** Bytes of an answer that are written at a time, so that it is seen to move. */
const PIECE_BYTES = 256 * 1024;

/** To be called before other hooks are added: they are for requests whose turn has come. */
export function boundPeers(
  api: FastifyInstance,
  { drops, log, uploads }: Pick<Context, 'drops' | 'log' | 'uploads'>,
  limits: Limits,
  timers: Timers,
): void {
  const { bodyTimeoutMs, maxConnections } = limits;
  const { server } = api;
  server.maxConnections = maxConnections;
  server.on('drop', () =>
    drops.tell(`a connection was closed: there are ${maxConnections} (--max-connections)`),
  );
  server.on('timeout', (socket: Socket) => {
    log.logger.debug('an idle connection is closed');
    socket.destroy();
  });

  const turns = new Turns(({ socket }) => {
    drops.tell(`a connection was closed: more than ${MAX_WAITING_REQUESTS} requests waited on it`);
    socket.destroy();
  });
  const bodies = new StallWatch(
    bodyTimeoutMs,
    bodyProgress,
    ({ socket, method, url }) => {
      drops.tell(`a body did not move for ${bodyTimeoutMs} ms (--body-timeout-ms)`, {
        method,
        url,
      });
      answerStalledBody(uploads, bodyTimeoutMs, socket);
    },
    timers,
  );
  const answers = new StallWatch<ServerResponse>(
    bodyTimeoutMs,
    answerProgress,
    ({ req: { socket, method, url } }) => {
      drops.tell(`an answer was not read for ${bodyTimeoutMs} ms (--body-timeout-ms)`, {
        method,
        url,
      });
      socket.destroy();
    },
    timers,
  );
  api.addHook('onRequest', async ({ raw }, reply) => {
    bodies.watch(raw);
    await turns.come(raw, reply.raw);
    answers.watch(reply.raw);
  });
  api.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length <= PIECE_BYTES) return payload;
    const bytes = Buffer.from(payload);
    reply.header('content-length', bytes.length);
    return Readable.from(pieces(bytes), { objectMode: false });
  });
}

function* pieces(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
