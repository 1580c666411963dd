/** PR_SET_MEMORY_MERGE, exec, and regions on NUMA nodes of their own, as curl asks for them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

const BASE = 0x100000000;
const PAGE = 4096;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--max-guests', '8']);
  await daemon.client.setKsm({ smart_scan: 0 });
});
afterAll(async () => {
  expect(await daemon.client.check()).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});

function send(method: 'PUT' | 'POST', path: string, body: object) {
  return daemon.curlJson(path, '-X', method, '-d', JSON.stringify(body));
}

function prctl(guest: string, merge: boolean) {
  return send('POST', `/v1/guests/${guest}/prctl`, { merge });
}

/** A guest with a region that nobody has advised, of these bytes, a page each. */
async function guestWith(name: string, ...pages: number[]): Promise<void> {
  await daemon.client.createGuest(name);
  await mapFilled(name, 'r', ...pages);
}

async function mapFilled(guest: string, region: string, ...pages: number[]): Promise<void> {
  const { address } = await daemon.client.map(guest, region, {
    pages: pages.length,
    mergeable: false,
  });
  for (const [page, byte] of pages.entries())
    await daemon.client.store(guest, address + page * PAGE, new Uint8Array(PAGE).fill(byte));
}

async function fullScans(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await daemon.client.scan(100_000);
}

async function sharing(): Promise<number | undefined> {
  return (await daemon.client.status()).counters.pages_sharing;
}

describe('prctl', () => {
  test('has all merge that a guest maps, and is told', async () => {
    await guestWith('a', 1, 2);
    await guestWith('b', 1, 2);
    await fullScans(2);
    expect(await sharing()).toBe(0);
    expect(await prctl('a', true)).toMatchObject({
      status: 200,
      json: { mergesAny: true, ksm_stat: { ksm_merge_any: 'yes', ksm_mergeable: 'yes' } },
    });
    await prctl('b', true);
    await mapFilled('b', 'later', 1);
    await fullScans(2);
    expect(await sharing()).toBe(3);
  });

  test('off gives each page its own frame before it answers', async () => {
    expect(await prctl('a', false)).toMatchObject({
      status: 200,
      json: { mergesAny: false, ksm_stat: { ksm_merge_any: 'no', ksm_mergeable: 'no' } },
    });
    const { presentPages, mergedPages } = await daemon.client.guest('a');
    expect({ presentPages, mergedPages }).toEqual({ presentPages: 2, mergedPages: 2 });
    expect((await daemon.client.status()).memory.usedBytes).toBe(4 * PAGE);
    await fullScans(1);
    expect((await daemon.client.guest('a')).mergedPages).toBe(0);
    expect(await sharing()).toBe(1);
  });

  test('is refused where it makes no sense', async () => {
    expect(await prctl('nobody', true)).toMatchObject({
      status: 404,
      json: { error: { code: 'ENOENT' } },
    });
    expect(await send('POST', '/v1/guests/a/prctl', {})).toMatchObject({ status: 400 });
    expect(await send('POST', '/v1/guests/a/prctl', { merge: 'yes' })).toMatchObject({
      status: 400,
    });
  });
});

describe('exec', () => {
  test('drops all memory and what runs in it, and keeps what prctl has set', async () => {
    await daemon.client.run({ workload: 'dirty', guest: 'b', pages: 4 });
    const { status, json } = await send('POST', '/v1/guests/b/exec', {});
    expect({ status, json }).toMatchObject({
      status: 200,
      json: { mergesAny: true, registeredPages: 0, presentPages: 0, regions: [] },
    });
    await until('its workload is gone', async () => (await daemon.client.workloads()).length === 0);
    await mapFilled('b', 'new', 7, 7);
    await fullScans(3);
    expect(await sharing()).toBe(1);
  });

  test('a guest that is not there cannot', async () => {
    expect(await send('POST', '/v1/guests/nobody/exec', {})).toMatchObject({ status: 404 });
  });
});

describe('a region on a NUMA node of its own', () => {
  test('merges with pages of that node only, where none merge across nodes', async () => {
    for (const { name } of await daemon.client.guests()) await daemon.client.removeGuest(name);
    await fullScans(2);
    await daemon.client.setKsm({ run: 2, merge_across_nodes: 0 });
    await daemon.client.setKsm({ run: 0 });
    await daemon.client.createGuest('n', 1);
    const path = '/v1/guests/n/regions';
    expect(await send('PUT', `${path}/zero`, { pages: 2, node: 0 })).toEqual({
      status: 201,
      json: { name: 'zero', address: BASE, pages: 2, huge: false, node: 0 },
    });
    await send('PUT', `${path}/one`, { pages: 2, address: 2 * BASE });
    for (const address of [BASE, 2 * BASE])
      await daemon.client.store('n', address, new Uint8Array(2 * PAGE).fill(5));
    await fullScans(3);
    const { counters } = await daemon.client.status();
    expect([counters.pages_shared, counters.pages_sharing]).toEqual([2, 2]);
  });

  test('must be one that there is', async () => {
    expect(await send('PUT', '/v1/guests/n/regions/x', { pages: 1, node: 16 })).toMatchObject({
      status: 400,
      json: { error: { code: 'EINVAL' } },
    });
  });
});
