/** The client's methods, against a daemon: each asks its own route, and gives what that answers. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/index.js';
import { ROUTES, type RouteName } from '../../src/protocol/routes.js';
import { DaemonProcess } from '../daemon-process.js';
import { until } from '../until.js';

const BASE = 2 ** 32;
const BYTES = Buffer.alloc(2 * 4096, 7);

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
});
afterAll(async () => {
  expect(await daemon.exited).toBe(0);
  expect(await daemon.stop()).toBe(0);
});

async function wholeOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** The first thing a stream tells. */
async function firstOf<T>(stream: AsyncGenerator<T, void, undefined>): Promise<T | undefined> {
  for await (const each of stream) return each;
  return undefined;
}

/** A call of each method, in an order in which all succeed, and what comes of it. */
const CALLS: { [Name in RouteName]: readonly [(client: Client) => Promise<unknown>, unknown] } = {
  createGuest: [(client) => client.createGuest('g', 1), { name: 'g', node: 1, regions: [] }],
  map: [
    (client) => client.map('g', 'r', { pages: 4, huge: true }),
    { name: 'r', address: BASE, pages: 4, huge: true },
  ],
  mapAll: [
    (client) =>
      client.mapAll('g', [{ name: 'far', pages: 1, address: 2 * BASE, mergeable: false }]),
    [{ name: 'far', address: 2 * BASE, pages: 1, huge: false }],
  ],
  store: [(client) => client.store('g', BASE, BYTES), undefined],
  storeRanges: [
    (client) => client.storeRanges('g', [{ address: BASE, length: BYTES.length }], BYTES),
    undefined,
  ],
  load: [(client) => wholeOf(client.load('g', BASE, BYTES.length)), BYTES],
  status: [(client) => client.status(), { guests: 1, presentPages: 2 }],
  setKsm: [(client) => client.setKsm({ smart_scan: 0 }), { run: 0, smart_scan: 0 }],
  setKhugepaged: [
    (client) => client.setKhugepaged({ max_ptes_none: 3 }),
    { max_ptes_none: 3, pages_collapsed: 0 },
  ],
  khugepaged: [(client) => client.khugepaged(), { max_ptes_none: 3, full_scans: 0 }],
  scan: [(client) => client.scan(1), { visitedPages: 1, counters: { pages_scanned: 1 } }],
  ksm: [(client) => client.ksm(), { pages_scanned: 1 }],
  guests: [(client) => client.guests(), [{ name: 'g', regions: 2 }]],
  guest: [(client) => client.guest('g'), { name: 'g', regions: [{ name: 'r' }, { name: 'far' }] }],
  page: [
    (client) => client.page('g', BASE + 4096, 0),
    { page: { address: BASE + 4096 }, state: 'waiting', twins: [] },
  ],
  report: [(client) => client.report(), { guests: [{ name: 'g' }] }],
  shared: [(client) => client.shared(), { guests: [{ name: 'g', pages: 2 }], pairs: [] }],
  unmerged: [
    (client) => client.unmerged(),
    { pages: expect.any(Number), reasons: { due: expect.any(Number) } },
  ],
  check: [(client) => client.check(), []],
  pageMap: [
    (client) => client.pageMap(),
    { guests: [{ name: 'g', regions: [{ name: 'r' }, { name: 'far' }] }] },
  ],
  pageClasses: [
    (client) => client.pageClasses({ by: 'guest', guest: 'g' }),
    { by: 'guest', guest: 'g', classes: expect.any(Array), slots: expect.any(Number) },
  ],
  live: [(client) => firstOf(client.live()), { event: 'history', data: expect.any(Array) }],
  events: [
    async (client) => {
      const first = firstOf(client.events());
      await until('something is told', async () => {
        await client.scan(1000);
        return (await Promise.race([first, undefined])) !== undefined;
      });
      return first;
    },
    { event: expect.any(String), data: expect.any(Object) },
  ],
  logs: [
    async (client) => JSON.parse((await firstOf(client.logs({ lines: 1 }))) ?? ''),
    { level: 'info', msg: expect.any(String) },
  ],
  fork: [
    (client) => client.fork('g', 'child'),
    {
      name: 'child',
      node: 1,
      presentPages: 2,
      regions: [{ name: 'r', address: BASE }, { name: 'far' }],
    },
  ],
  prctl: [
    (client) => client.prctl('child', true),
    { mergesAny: true, ksm_stat: { ksm_merge_any: 'yes', ksm_mergeable: 'yes' } },
  ],
  exec: [
    (client) => client.exec('child'),
    { name: 'child', node: 1, mergesAny: true, presentPages: 0, regions: [] },
  ],
  madvise: [(client) => client.madvise('g', 'dontneed', { region: 'r' }), undefined],
  run: [
    (client) => client.run({ workload: 'read', guest: 'w', pages: 8 }),
    { id: 1, workload: 'read', guest: 'w', region: 'dirty' },
  ],
  workloads: [(client) => client.workloads(), [{ id: 1, workload: 'read' }]],
  kill: [(client) => client.kill(1), { id: 1, state: 'stopped' }],
  profile: [(client) => client.profile(0.1), { nodes: expect.any(Array) }],
  restartScanner: [(client) => client.restartScanner(), { afterMs: expect.any(Number) }],
  snapshot: [
    async (client) => {
      const { length, chunks } = await client.snapshot();
      return (await wholeOf(chunks)).length === length;
    },
    true,
  ],
  dashboard: [(client) => client.dashboard(), expect.stringMatching(/^<!doctype html>/)],
  dashboardFile: [
    (client) => client.dashboardFile('protocol/run-lengths.js'),
    expect.stringContaining('export function applyRunLengths'),
  ],
  metrics: [(client) => client.metrics(), expect.stringMatching(/^ksmd_build_info\{.*\} 1$/m)],
  openapi: [(client) => client.openapi(), { info: { title: 'ksmd' } }],
  unmap: [(client) => client.unmap('g', 'r'), undefined],
  removeGuest: [(client) => client.removeGuest('g'), undefined],
  stop: [(client) => client.stop(), undefined],
};

/** Node tells here of each request that it sends. */
const SENT = 'http.client.request.start';
const sent: string[] = [];
const note = (message: unknown): void => {
  const { request } = message as { request: ClientRequest };
  sent.push(`${request.method} ${request.path}`);
};
beforeAll(() => subscribe(SENT, note));
afterAll(() => unsubscribe(SENT, note));

describe('each method asks its route:', () => {
  test.each(Object.entries(CALLS))('%s', async (name, [call, expected]) => {
    sent.length = 0;
    const answer = await call(daemon.client);
    if (expected instanceof Object && !(expected instanceof Buffer))
      expect(answer).toMatchObject(expected);
    else expect(answer).toEqual(expected);
    const { method, path } = ROUTES[name as RouteName];
    const url = path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.+');
    expect(sent[0]).toMatch(new RegExp(`^${method} ${url}(\\?|$)`));
  });
});
