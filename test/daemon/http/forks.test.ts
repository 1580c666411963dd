/** Huge pages, forks and collapse as curl asks for them, and guests that fork under load. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

const BASE = 0x100000000;
const PAGE = 4096;
/** Pages of a huge page. */
const HUGE = 512;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--max-guests', '6', '--log-level', 'debug']);
  await daemon.client.setKsm({ smart_scan: 0 });
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

function send(method: 'PUT' | 'POST', path: string, body: object) {
  return daemon.curlJson(path, '-X', method, '-d', JSON.stringify(body));
}

function error(code: string, message: RegExp) {
  return { error: { code, message: expect.stringMatching(message) } };
}

function fork(guest: string, child: string) {
  return send('POST', `/v1/guests/${guest}/fork`, { child });
}

async function bytesAt(guest: string, address: number): Promise<number | undefined> {
  for await (const chunk of daemon.client.load(guest, address, 1)) return chunk[0];
  return undefined;
}

describe('a region advised to huge pages', () => {
  test('is told from others, and takes a huge page at a touch', async () => {
    await daemon.client.createGuest('h');
    const path = '/v1/guests/h/regions';
    expect(await send('PUT', `${path}/r`, { pages: 2 * HUGE, huge: true })).toEqual({
      status: 201,
      json: { name: 'r', address: BASE, pages: 2 * HUGE, huge: true },
    });
    await send('PUT', `${path}/small`, { pages: HUGE, address: 2 * BASE });
    for (const address of [BASE + PAGE, 2 * BASE])
      await daemon.client.store('h', address, Uint8Array.of(1));
    expect(await daemon.client.guest('h')).toMatchObject({
      presentPages: HUGE + 1,
      hugePages: 1,
      regions: [
        { name: 'r', huge: true },
        { name: 'small', huge: false },
      ],
    });
    expect((await daemon.curlJson('/v1/guests')).json).toMatchObject({
      guests: [{ name: 'h', hugePages: 1 }],
    });
  });

  test('collapses what was split', async () => {
    const advise = (body: object) => send('POST', '/v1/guests/h/madvise', body);
    const range = { address: BASE, length: HUGE * PAGE };
    await advise({ advice: 'dontneed', address: BASE, length: PAGE });
    expect(await daemon.client.guest('h')).toMatchObject({ presentPages: HUGE, hugePages: 0 });
    expect((await advise({ advice: 'collapse', ...range })).status).toBe(204);
    expect(await daemon.client.guest('h')).toMatchObject({ presentPages: HUGE + 1, hugePages: 1 });
    expect(await advise({ advice: 'collapse', region: 'r' })).toEqual({
      status: 400,
      json: error('EINVAL', /^nothing is mapped there/),
    });
    expect(await advise({ advice: 'collapse', region: 'small' })).toEqual({
      status: 400,
      json: error('EINVAL', /^there is no room for a huge page/),
    });
    expect(await daemon.client.check()).toEqual([]);
  });

  test('does not collapse where a KSM page is there twice, until it is so no more', async () => {
    const twins = { advice: 'collapse', address: BASE, length: HUGE * PAGE };
    await daemon.client.store('h', BASE, Buffer.alloc(2 * PAGE, 9));
    for (let i = 0; i < 4; i++) await daemon.client.scan(4 * HUGE);
    expect((await daemon.client.guest('h')).mergedPages).toBe(2);
    expect(await send('POST', '/v1/guests/h/madvise', twins)).toEqual({
      status: 409,
      json: error('EAGAIN', /^two of the pages are one KSM page/),
    });
    await daemon.client.store('h', BASE, Uint8Array.of(9));
    expect((await send('POST', '/v1/guests/h/madvise', twins)).status).toBe(204);
    expect((await daemon.client.guest('h')).hugePages).toBe(1);
  });

  test('is made for a workload, and not changed for one', async () => {
    const run = (huge: boolean) =>
      send('POST', '/v1/workloads', { workload: 'load', guest: 'w', pages: HUGE, huge });
    expect(await run(true)).toMatchObject({ status: 201, json: { region: 'load' } });
    await until(
      'all is loaded',
      async () => (await daemon.client.workloads())[0]?.state === 'done',
    );
    expect(await daemon.client.guest('w')).toMatchObject({ hugePages: 1, presentPages: HUGE });
    expect(await run(false)).toEqual({
      status: 400,
      json: error('EINVAL', /^region 'load' of guest 'w' is there, and huge$/),
    });
    expect((await run(true)).status).toBe(201);
    await daemon.client.removeGuest('w');
    await daemon.client.removeGuest('h');
  });
});

describe('a guest that forks', () => {
  beforeAll(async () => {
    await daemon.client.createGuest('p', 1);
    await daemon.client.map('p', 'r', { pages: 4 });
    await daemon.client.map('p', 'huge', { pages: HUGE, address: 2 * BASE, huge: true });
    await daemon.client.store('p', BASE, Buffer.alloc(2 * PAGE, 7));
    await daemon.client.store('p', 2 * BASE, Uint8Array.of(5));
  });
  afterAll(() => daemon.client.removeGuest('p'));

  test('has a child with its regions, that shares its pages until one of both writes', async () => {
    const regions = [
      { name: 'r', address: BASE, pages: 4, huge: false },
      { name: 'huge', address: 2 * BASE, pages: HUGE, huge: true },
    ];
    const { memory } = await daemon.client.status();
    expect(await fork('p', 'c')).toMatchObject({
      status: 201,
      json: { name: 'c', node: 1, presentPages: HUGE + 2, hugePages: 1, regions },
    });
    const used = async () => (await daemon.client.status()).memory.usedBytes - memory.usedBytes;
    expect(await used()).toBe(0);
    await daemon.client.store('c', BASE, Uint8Array.of(8));
    await daemon.client.store('p', BASE + PAGE, Uint8Array.of(9));
    expect(await used()).toBe(2 * PAGE);
    expect([await bytesAt('p', BASE), await bytesAt('c', BASE)]).toEqual([7, 8]);
    expect([await bytesAt('p', BASE + PAGE), await bytesAt('c', BASE + PAGE)]).toEqual([9, 7]);
    expect(await daemon.client.check()).toEqual([]);
  });

  test('is told in the log as whatever else is asked', async () => {
    const lines: unknown[] = [];
    for await (const line of daemon.client.logs({ lines: 100, level: 'debug' }))
      lines.push(JSON.parse(line));
    const answered = { msg: 'answered', method: 'POST', url: '/v1/guests/p/fork', status: 201 };
    expect(lines).toContainEqual(expect.objectContaining(answered));
  });

  test('is refused a name that is taken, one that is none, and a guest too many', async () => {
    const names = async () => (await daemon.client.guests()).map(({ name }) => name);
    const before = await names();
    expect(await fork('p', 'c')).toEqual({
      status: 409,
      json: error('EEXIST', /^guest 'c' exists already$/),
    });
    expect(await fork('nobody', 'd')).toEqual({
      status: 404,
      json: error('ENOENT', /^no guest 'nobody'$/),
    });
    expect(await fork('p', 'a b')).toEqual({
      status: 400,
      json: error('EINVAL', /^child must be 1 to 64 letters/),
    });
    expect(await send('POST', '/v1/guests/p/fork', {})).toEqual({
      status: 400,
      json: error('EINVAL', /^the body lacks 'child'$/),
    });
    expect(await names()).toEqual(before);
    for (let guests = before.length; guests < 6; guests++) await fork('p', `more-${guests}`);
    expect(await fork('p', 'one-too-many')).toEqual({
      status: 507,
      json: error('ENOSPC', /./),
    });
    for (const name of await names()) if (name !== 'p') await daemon.client.removeGuest(name);
    expect(await names()).toEqual(['p']);
  });

  test('does not take its workloads along, and they go on', async () => {
    const { id } = await daemon.client.run({ workload: 'serve', guest: 'p', region: 'r' });
    await fork('p', 'c');
    const verified = async () =>
      (await daemon.client.workloads()).find((each) => each.id === id)?.verified ?? 0;
    const before = await verified();
    await until('it goes on', async () => (await verified()) > before);
    expect((await daemon.client.workloads()).map(({ guest }) => guest)).not.toContain('c');
    await daemon.client.removeGuest('c');
    expect(await daemon.client.kill(id)).toMatchObject({ state: 'stopped', wrong: 0 });
  });
});

test('forked again and again while all write and the scanner merges: no byte is wrong', async () => {
  const { client } = daemon;
  await client.setKsm({ run: 1, sleep_millisecs: 0, pages_to_scan: 10_000, use_zero_pages: 1 });
  const { id } = await client.run({
    workload: 'load',
    guest: 'server',
    pages: 2 * HUGE,
    huge: true,
  });
  await until('all is loaded', async () =>
    (await client.workloads()).some(
      ({ workload, state }) => workload === 'load' && state === 'done',
    ),
  );
  await client.kill(id);
  const serve = (guest: string, seed: number) =>
    client.run({ workload: 'serve', guest, region: 'load', seed, rate: 20_000 });
  await serve('server', 1);
  const children = ['server-1', 'server-2'];
  for (let round = 0; round < 6; round++) {
    for (const [i, child] of children.entries()) {
      await client.fork(round % 2 === 0 || i === 0 ? 'server' : 'server-1', child);
      await serve(child, 10 * round + i + 2);
    }
    const served = () =>
      client.workloads().then((all) => all.filter(({ workload }) => workload === 'serve'));
    await until('all have written', async () =>
      (await served()).every(({ stores }) => stores > 300),
    );
    await until('some have merged', async () => Number((await client.ksm()).pages_sharing) > 0);
    expect((await served()).map(({ wrong }) => wrong)).toEqual([0, 0, 0]);
    expect(await client.check()).toEqual([]);
    for (const child of children) await client.removeGuest(child);
  }
  await client.removeGuest('server');
  expect(await client.check()).toEqual([]);
});
