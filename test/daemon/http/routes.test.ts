/**
 * Every route's record holds: it waits for the scanner or does not, and is open over TCP or is not.
 * What its handler answers does not count here: none has a machine.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../../src/daemon/http/context.js';
import { DEFAULT_LIMITS } from '../../../src/daemon/http/limits.js';
import { createServer } from '../../../src/daemon/http/server.js';
import { KsmdError } from '../../../src/errors.js';
import type { Route } from '../../../src/protocol/route.js';
import { ROUTES } from '../../../src/protocol/routes.js';
import { ManualTimers } from '../manual-timers.js';

const TCP = { host: '127.0.0.1', port: 7070 };
const HEADERS = { host: `${TCP.host}:${TCP.port}` };

/** What a route answers that waits for the scanner. */
const WAITED = { statusCode: 503, message: 'no scanner is ready' };

const routes = Object.entries<Route>(ROUTES);

function contextWhere(ready: () => Promise<void>): Context {
  const logger = { debug: () => {}, error: () => {} };
  const context = { log: { logger }, metrics: { countRequest: () => {} }, scanner: { ready } };
  return context as unknown as Context;
}

async function answerOf(
  api: FastifyInstance,
  { method, path }: Route,
): Promise<{ statusCode: number; message: string | undefined }> {
  const url = path.replace(/:\w+|\*/g, '1');
  const { statusCode, body } = await api.inject({ method, url, headers: HEADERS });
  const message = /"message":"([^"]*)"/.exec(body)?.[1];
  return { statusCode, message };
}

describe('while the scanner is being restarted', () => {
  let api: FastifyInstance;
  beforeAll(async () => {
    const context = contextWhere(async () => {
      throw new KsmdError('EINTR', WAITED.message);
    });
    api = await createServer(context, DEFAULT_LIMITS, new ManualTimers());
  });
  afterAll(() => api.close());

  test.each(routes)('%s waits for it, unless its record says otherwise', async (_name, route) => {
    const answer = await answerOf(api, route);
    if (route.duringRestart) expect(answer).not.toMatchObject(WAITED);
    else expect(answer).toEqual(WAITED);
  });
});

describe('over TCP', () => {
  let api: FastifyInstance;
  beforeAll(async () => {
    api = await createServer(
      contextWhere(async () => {}),
      DEFAULT_LIMITS,
      new ManualTimers(),
      TCP,
    );
  });
  afterAll(() => api.close());

  test.each(routes)('%s is refused, unless its record says otherwise', async (_name, route) => {
    const { statusCode } = await answerOf(api, route);
    if (route.overTcp) expect(statusCode).not.toBe(403);
    else expect(statusCode).toBe(403);
  });

  test('only what is read can be asked', () => {
    for (const [name, { method, overTcp }] of routes) if (overTcp) expect(method, name).toBe('GET');
  });

  test('that nothing is at a URL is told there as on the socket', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const { statusCode } = await api.inject({ method, url: '/v1/nothing', headers: HEADERS });
      expect(statusCode).toBe(404);
    }
  });
});

test('a path and a method are of one route', () => {
  const lines = routes.map(([, { method, path }]) => `${method} ${path}`);
  expect(new Set(lines).size).toBe(routes.length);
});

test('a body that may be left out says what it is then', () => {
  for (const [name, { body }] of routes)
    expect(body !== undefined && 'default' in body, name).toBe(Type.IsOptional(body));
});
