/**
 * A server of the API from its first connection to its last: it listens whole or not at all, and
 * answers what was asked before it closes.
 */

import type { FastifyInstance } from 'fastify';
import { systemError } from '../errors.js';
import { FatalError } from './fatal.js';
import type { TcpAddress } from './http/tcp.js';

/** How long answers under way may take to be read. */
const LAST_ANSWERS_MS = 2000;
/** How soon a connection is closed once its answer is out. */
const SWEEP_MS = 20;

/** The server, once `listen` has resolved. If that rejects, nothing is left of it. */
export async function listening(
  server: FastifyInstance,
  listen: (server: FastifyInstance) => Promise<unknown>,
): Promise<FastifyInstance> {
  try {
    await listen(server);
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** FatalError if the operating system refuses. */
export async function listenAt(server: FastifyInstance, { host, port }: TcpAddress): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    throw new FatalError('ListenFailed', systemError(error, `cannot listen on ${host}:${port}`));
  }
}

/**
 * Takes no more connections and waits for the answers under way: until `answered` has resolved, and
 * a while longer for those who read them. Connections that remain are cut off.
 */
export async function close(server: FastifyInstance, answered: () => Promise<void>): Promise<void> {
  const closed = server.close();
  const sweep = setInterval(() => server.server.closeIdleConnections(), SWEEP_MS);
  await answered();
  const late = setTimeout(() => server.server.closeAllConnections(), LAST_ANSWERS_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(late);
}
