/** Looks at who shares with whom: shared by who asks at once, and ended once nobody waits. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { registerRoutes } from '../../../src/daemon/http/register.js';
import { sharedHandlers } from '../../../src/daemon/http/routes/shared.js';
import { SharedLooks } from '../../../src/daemon/threads/shared-looks.js';
import { SHARED_ROUTES, type SharedQuery } from '../../../src/protocol/routes/shared.js';
import { BenchHost } from '../../ksm/bench-host.js';
import { until } from '../../until.js';

/** Of all pages it never ends; others are told what they have asked for. */
const THREAD = new URL('./endless-look.mjs', import.meta.url);
const ENDLESS = { selection: 'all' } as const;
const OTHER = { selection: 'advised' } as const;

function rig() {
  const { host } = new BenchHost();
  const looks = new SharedLooks(host, THREAD);
  return {
    ...{ host, looks },
    look: (query: SharedQuery, gone = new AbortController()) => looks.look(query, gone.signal),
  };
}

test('a look that nobody waits for any more ends, and the next one is taken', async () => {
  const { look } = rig();
  const gone = new AbortController();
  const [asked, other] = [look(ENDLESS, gone), look(OTHER)];
  // Its thread runs.
  await turn();
  gone.abort();
  await expect(asked).rejects.toMatchObject({ code: 'EINTR' });
  expect(await other).toBe('"advised"');
});

test('who has gone before his turn comes has no thread started', async () => {
  const { look } = rig();
  const [first, second] = [new AbortController(), new AbortController()];
  const asked = [look(ENDLESS, first), look({ ...ENDLESS, tenants: '* all' }, second)];
  second.abort();
  first.abort();
  for (const each of asked) await expect(each).rejects.toMatchObject({ code: 'EINTR' });
});

test('who waits for the same gets the answer, whoever else has gone', async () => {
  const { look } = rig();
  const gone = new AbortController();
  const [first, second] = [look(OTHER, gone), look(OTHER)];
  gone.abort();
  expect(await second).toBe('"advised"');
  expect(await first).toBe('"advised"');
});

test('who asks for what has just been ended has it taken anew', async () => {
  const { look } = rig();
  const gone = new AbortController();
  const before = look(OTHER, gone);
  gone.abort();
  const [one, same] = [look(OTHER), look(OTHER)];
  await expect(before).rejects.toMatchObject({ code: 'EINTR' });
  expect(await one).toBe('"advised"');
  expect(await same).toBe('"advised"');
});

test('a client that goes away ends what it has asked for', async () => {
  const { host, looks } = rig();
  let asked = 0;
  const counted = {
    look: (query: SharedQuery, gone: AbortSignal) => {
      asked++;
      return looks.look(query, gone);
    },
  };
  const server = Fastify();
  registerRoutes(server, SHARED_ROUTES, sharedHandlers({ host }, counted));
  await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET /v1/shared?selection=all HTTP/1.1\r\nhost: here\r\n\r\n');
  await until('it has asked', () => asked === 1);
  const next = server.inject('/v1/shared?selection=advised');
  await until('another waits behind it', () => asked === 2);
  socket.destroy();
  expect((await next).body).toBe('"advised"');
  await server.close();
});
