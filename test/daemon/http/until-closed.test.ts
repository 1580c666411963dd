/** Whoever asks is missed when he goes, at once and also if that was before anybody looked. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { untilClosed } from '../../../src/daemon/http/until-closed.js';
import { until } from '../../until.js';

let server: FastifyInstance;
let signals: AbortSignal[];
beforeEach(() => {
  server = Fastify();
  signals = [];
});
afterEach(() => server.close());

/** A connection that has asked for `/`. */
async function ask() {
  await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  return socket;
}

test('who goes while he waits', async () => {
  server.get('/', (_request, reply) => {
    signals.push(untilClosed(reply));
    return new Promise(() => {});
  });
  const socket = await ask();
  const [gone] = await until('he has asked', () => (signals.length > 0 ? signals : undefined));
  expect(gone?.aborted).toBe(false);
  socket.destroy();
  await until('he is missed', () => gone?.aborted === true);
});

test('who has gone before', async () => {
  server.get('/', async (_request, reply) => {
    socket.destroy();
    await once(reply.raw, 'close');
    signals.push(untilClosed(reply));
    return new Promise(() => {});
  });
  const socket = await ask();
  await until('he is missed', () => signals[0]?.aborted === true);
});
