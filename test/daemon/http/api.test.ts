/** The API as curl sees it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

const BASE = 0x100000000;

function error(code: string, message: RegExp) {
  return { error: { code, message: expect.stringMatching(message) } };
}

describe('guests and regions', () => {
  test('come, are shown, and go', async () => {
    expect(await daemon.curlJson('/v1/guests/g', '-X', 'PUT')).toMatchObject({
      status: 201,
      json: { name: 'g', node: 0, regions: [] },
    });
    const region = { name: 'r', address: BASE, pages: 16, huge: false };
    expect(
      await daemon.curlJson('/v1/guests/g/regions/r', '-X', 'PUT', '-d', '{"pages": 16}'),
    ).toEqual({ status: 201, json: region });
    const far = await daemon.curlJson(
      '/v1/guests/g/regions/far',
      '-X',
      'PUT',
      '-d',
      '{"pages": 1, "address": "0x200000000", "mergeable": false}',
    );
    expect(far).toMatchObject({
      status: 201,
      json: { name: 'far', address: 0x200000000, pages: 1 },
    });
    expect(await daemon.curlJson('/v1/guests/g')).toMatchObject({
      status: 200,
      json: {
        name: 'g',
        registeredPages: 17,
        presentPages: 0,
        ksm_stat: { ksm_merging_pages: 0 },
        regions: [region, { name: 'far' }],
      },
    });
    expect(await daemon.curlJson('/v1/guests')).toMatchObject({
      json: { guests: [{ name: 'g', regions: 2 }] },
    });
    expect(await daemon.curl('/v1/guests/g/regions/far', '-X', 'DELETE')).toEqual({
      status: 204,
      body: '',
    });
    expect(await daemon.curl('/v1/guests/g', '-X', 'DELETE')).toEqual({ status: 204, body: '' });
    expect(await daemon.curlJson('/v1/guests/g')).toEqual({
      status: 404,
      json: error('ENOENT', /^no guest 'g'$/),
    });
  });

  test('have a NUMA node', async () => {
    expect(await daemon.curlJson('/v1/guests/n', '-X', 'PUT', '-d', '{"node": 1}')).toMatchObject({
      status: 201,
      json: { node: 1 },
    });
    expect(await daemon.curlJson('/v1/guests/m', '-X', 'PUT', '-d', '{"node": 99}')).toMatchObject({
      status: 400,
      json: error('EINVAL', /^node must be/),
    });
    await daemon.client.removeGuest('n');
  });
});

describe('memory', () => {
  test('reads as it was written, whatever the alignment', async () => {
    await daemon.client.createGuest('mem');
    await daemon.client.map('mem', 'r', { pages: 512 });
    const bytes = randomBytes(1_000_003);
    const file = daemon.directory.file('bytes');
    writeFileSync(file, bytes);
    const path = `/v1/guests/mem/memory?address=${BASE + 777}&length=${bytes.length}`;
    expect(await daemon.curlJson(path, '-T', file)).toEqual({
      status: 200,
      json: { bytesStored: bytes.length },
    });
    expect((await daemon.curl(path, '-o', daemon.directory.file('back'))).status).toBe(200);
    const chunks: Uint8Array[] = [];
    for await (const chunk of daemon.client.load('mem', BASE + 777, bytes.length))
      chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    await daemon.client.removeGuest('mem');
  });

  test('takes advice: a range, a region, or a range of a region', async () => {
    await daemon.client.createGuest('adv');
    await daemon.client.map('adv', 'r', { pages: 4 });
    await daemon.client.store('adv', BASE, Buffer.alloc(4 * 4096, 1));
    const advise = (body: object) =>
      daemon.curl('/v1/guests/adv/madvise', '-X', 'POST', '-d', JSON.stringify(body));
    const present = async () => (await daemon.client.guest('adv')).presentPages;
    expect((await advise({ advice: 'dontneed', address: BASE, length: 4096 })).status).toBe(204);
    expect(await present()).toBe(3);
    expect(
      (
        await advise({
          advice: 'dontneed',
          region: 'r',
          address: `0x${(BASE + 4096).toString(16)}`,
          length: 4096,
        })
      ).status,
    ).toBe(204);
    expect(await present()).toBe(2);
    expect((await advise({ advice: 'dontneed', region: 'r' })).status).toBe(204);
    expect(await present()).toBe(0);
    expect(
      (await advise({ advice: 'unmergeable', region: 'r', address: BASE, length: 5 * 4096 })).body,
    ).toContain('must lie in it');
    expect((await advise({ advice: 'mergeable' })).body).toContain(
      'name a region, or an address and a length',
    );
    await daemon.client.removeGuest('adv');
  });
});

describe('KSM', () => {
  test('shows counters and tunables under their sysfs names', async () => {
    const { json } = await daemon.curlJson('/v1/ksm');
    expect(json).toMatchObject({
      full_scans: expect.any(Number),
      pages_sharing: 0,
      run: 0,
      pages_to_scan: 100,
      advisor_mode: 'none',
    });
  });

  test('takes tunables in order, as numbers or strings', async () => {
    const { status, json } = await daemon.curlJson(
      '/v1/ksm',
      '-X',
      'PATCH',
      '-d',
      '{"sleep_millisecs": "33", "smart_scan": 0}',
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({ sleep_millisecs: 33, smart_scan: 0 });
  });

  test('takes all tunables or none', async () => {
    const before = (await daemon.curlJson('/v1/ksm')).json;
    const refused = await daemon.curlJson(
      '/v1/ksm',
      '-X',
      'PATCH',
      '-d',
      '{"sleep_millisecs": 44, "use_zero_pages": 1, "run": 9}',
    );
    expect(refused).toEqual({
      status: 400,
      json: error('EINVAL', /^run takes whole numbers from 0 to 2, not 9$/),
    });
    expect(
      (
        await daemon.curlJson(
          '/v1/ksm',
          '-X',
          'PATCH',
          '-d',
          '{"sleep_millisecs": 44, "nonsense": 1}',
        )
      ).json,
    ).toEqual(
      error('ENOENT', /^no tunable 'nonsense': with Linux 6.18 there are run, pages_to_scan/),
    );
    expect((await daemon.curlJson('/v1/ksm')).json).toEqual(before);
  });

  test('has counters that can only be read', async () => {
    const refused = await daemon.curlJson('/v1/ksm', '-X', 'PATCH', '-d', '{"pages_shared": 1}');
    expect(refused).toEqual({
      status: 400,
      json: error('EINVAL', /^pages_shared can only be read$/),
    });
  });

  test('is busy with what the kernel is busy with', async () => {
    const page = Buffer.alloc(2 * 4096, 9);
    await daemon.client.createGuest('twin');
    await daemon.client.map('twin', 'r', { pages: 2 });
    await daemon.client.store('twin', BASE, page);
    await daemon.client.setKsm({ smart_scan: 0 });
    for (let i = 0; i < 3; i++) await daemon.client.scan(100);
    const refused = await daemon.curlJson(
      '/v1/ksm',
      '-X',
      'PATCH',
      '-d',
      '{"max_page_sharing": 5}',
    );
    expect(refused).toEqual({
      status: 409,
      json: error('EBUSY', /^max_page_sharing cannot change while pages are shared/),
    });
    await daemon.client.setKsm({ run: 2 });
    await daemon.client.setKsm({ run: 0 });
    await daemon.client.removeGuest('twin');
  });

  test('scans a batch, and answers the counters', async () => {
    await daemon.client.createGuest('s');
    await daemon.client.map('s', 'r', { pages: 8 });
    await daemon.client.store('s', BASE, Buffer.alloc(8 * 4096, 5));
    const before = (await daemon.client.ksm()).pages_scanned;
    const { status, json } = await daemon.curlJson('/v1/scan', '-X', 'POST', '-d', '{"pages": 3}');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      visitedPages: expect.any(Number),
      counters: { pages_scanned: expect.any(Number) },
    });
    expect(
      (json as { counters: { pages_scanned: number } }).counters.pages_scanned,
    ).toBeGreaterThan(Number(before));
    await daemon.client.setKsm({ run: 1 });
    expect(await daemon.curlJson('/v1/scan', '-X', 'POST', '-d', '{"pages": 3}')).toEqual({
      status: 409,
      json: error('EBUSY', /the scanner is running/),
    });
    await daemon.client.setKsm({ run: 0 });
    await daemon.client.removeGuest('s');
  });
});

describe('HEAD is answered as GET is, without the body:', () => {
  const headersOf = (answer: string): string[] =>
    answer.split('\r\n').filter((line) => !/^(date|keep-alive|connection|$)/i.test(line));

  beforeAll(async () => {
    await daemon.client.createGuest('asked');
    await daemon.client.map('asked', 'r', { pages: 1, address: BASE });
  });
  afterAll(() => daemon.client.removeGuest('asked'));

  test.each([
    '/v1/ksm',
    '/v1/guests/asked',
    '/v1/guests/nobody',
    `/v1/guests/asked/memory?address=${BASE}&length=4096`,
    '/v1/guests/asked/memory?address=0&length=4096',
    '/',
    '/dashboard/style.css',
    '/dashboard/nothing.js',
  ])('%s', async (path) => {
    const { body: got } = await daemon.curl(path, '-D', '-', '-o', '/dev/null');
    const { body: asked } = await daemon.curl(path, '-I');
    expect(headersOf(asked).join('\n')).toMatch(/^content-length: [1-9]/m);
    expect(headersOf(asked)).toEqual(headersOf(got));
  });

  test.each([
    ['/v1/events', 'text/event-stream'],
    ['/v1/live', 'text/event-stream'],
    ['/v1/snapshot', 'application/octet-stream'],
    ['/v1/logs?follow=1', 'application/x-ndjson'],
  ])('%s, of which nothing is begun', async (path, type) => {
    const { status, body } = await daemon.curl(path, '-I');
    expect(status).toBe(200);
    expect(body).toContain(`content-type: ${type}`);
    expect(body).not.toContain('content-length');
  });
});

describe('status', () => {
  test('says what is saved, in pages and bytes', async () => {
    for (const guest of ['one', 'two']) {
      await daemon.client.createGuest(guest);
      await daemon.client.map(guest, 'r', { pages: 64 });
      const memory = Buffer.alloc(64 * 4096);
      for (let page = 0; page < 64; page++) memory.writeUInt32LE(page + 1, page * 4096);
      await daemon.client.store(guest, BASE, memory);
    }
    for (let i = 0; i < 6; i++) await daemon.client.scan(1000);
    const { json } = await daemon.curlJson('/v1/status');
    expect(json).toMatchObject({
      pid: daemon.child.pid,
      kernel: '6.18',
      pageSize: 4096,
      memory: {
        totalBytes: 64 * 2 ** 20,
        usedBytes: 64 * 4096,
        freeBytes: 64 * 2 ** 20 - 64 * 4096,
      },
      guests: 2,
      registeredPages: 128,
      presentPages: 128,
      scanner: { state: 'stopped' },
      counters: { pages_shared: 64, pages_sharing: 64 },
      saved: {
        pages: 64,
        bytes: 64 * 4096,
        bookkeepingBytes: 128 * 64,
        netBytes: 64 * 4096 - 128 * 64,
        share: 0.5,
      },
    });
    for (const guest of ['one', 'two']) await daemon.client.removeGuest(guest);
  });
});

describe('a request that is wrong gets a sentence and an errno name:', () => {
  const REQUESTS: [string, string[], number, string, RegExp][] = [
    ['/v1/nothing', [], 404, 'ENOENT', /^there is no GET \/v1\/nothing/],
    ['/v1/guests/%zz', [], 400, 'EINVAL', /not a valid url/],
    ['/v1/guests/a%20b', ['-X', 'PUT'], 400, 'EINVAL', /^guest must be 1 to 64 letters/],
    [
      `/v1/guests/${'x'.repeat(65)}`,
      ['-X', 'PUT'],
      400,
      'EINVAL',
      /^guest must be 1 to 64 letters/,
    ],
    [
      `/v1/guests/${'x'.repeat(500)}`,
      ['-X', 'PUT'],
      400,
      'EINVAL',
      /^guest must be 1 to 64 letters/,
    ],
    ['/v1/guests/x', ['-X', 'PUT', '-d', '{"node": 1'], 400, 'EINVAL', /^the body is not JSON/],
    [
      '/v1/guests/x',
      ['-X', 'PUT', '-d', '[]'],
      400,
      'EINVAL',
      /^the body must be a JSON object, like /,
    ],
    [
      '/v1/guests/x',
      ['-X', 'PUT', '-d', '{"nodes": 1}'],
      400,
      'EINVAL',
      /^the body has no field 'nodes'/,
    ],
    ['/v1/guests/here', ['-X', 'PUT'], 409, 'EEXIST', /^guest 'here' exists already/],
    ['/v1/guests/none', ['-X', 'DELETE'], 404, 'ENOENT', /^no guest 'none'/],
    [
      '/v1/guests/here/regions/r',
      ['-X', 'PUT', '-d', '{"pages": 1}'],
      409,
      'EEXIST',
      /has a region 'r' already/,
    ],
    ['/v1/guests/here/regions/q', ['-X', 'DELETE'], 404, 'ENOENT', /has no region 'q'/],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT'],
      400,
      'EINVAL',
      /^the body must be a JSON object, like /,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', '{}'],
      400,
      'EINVAL',
      /^the body lacks 'pages'/,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', '{"pages": "1"}'],
      400,
      'EINVAL',
      /^pages must be a whole number of pages, 1 to 4294967296$/,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', '{"pages": 0}'],
      400,
      'EINVAL',
      /^pages must be a whole number of pages, 1 to 4294967296$/,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', '{"pages": 1, "address": "12q"}'],
      400,
      'EINVAL',
      /^address must be bytes/,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', '{"pages": 1, "address": 4097}'],
      400,
      'EINVAL',
      /no multiple of the page size/,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', `{"pages": 1, "address": ${BASE}}`],
      400,
      'EINVAL',
      /overlap/,
    ],
    [
      '/v1/guests/here/regions/q',
      ['-X', 'PUT', '-d', '{"pages": 99999999}'],
      507,
      'ENOSPC',
      /^no room for/,
    ],
    ['/v1/guests/here/memory?address=0x100000000', [], 400, 'EINVAL', /^the query lacks 'length'/],
    ['/v1/guests/here/memory?address=q&length=1', [], 400, 'EINVAL', /^address must be bytes/],
    ['/v1/guests/here/memory?address=4096&length=1', [], 400, 'EFAULT', /^no region maps 0x1000/],
    [
      '/v1/guests/here/memory?address=0x100000000&length=999999',
      [],
      400,
      'EFAULT',
      /^no region maps/,
    ],
    ['/v1/guests/none/memory?address=4096&length=1', [], 404, 'ENOENT', /^no guest 'none'/],
    [
      '/v1/guests/here/madvise',
      ['-X', 'POST', '-d', '{"advice": "willneed"}'],
      400,
      'EINVAL',
      /^advice must be mergeable, unmergeable, dontneed or collapse$/,
    ],
    [
      '/v1/guests/here/madvise',
      ['-X', 'POST', '-d', '{"advice": "dontneed", "region": "q"}'],
      404,
      'ENOENT',
      /no region 'q'/,
    ],
    [
      '/v1/guests/here/madvise',
      ['-X', 'POST', '-d', '{"advice": "dontneed", "address": 1, "length": 1}'],
      400,
      'EINVAL',
      /whole pages/,
    ],
    [
      '/v1/guests/here/madvise',
      ['-X', 'POST', '-d', '{"advice": "dontneed", "address": 4096, "length": 4096}'],
      400,
      'EFAULT',
      /^no region maps/,
    ],
    [
      '/v1/ksm',
      ['-X', 'PATCH', '-d', '{}'],
      400,
      'EINVAL',
      /^the body is empty: name at least one value$/,
    ],
    ['/v1/ksm', ['-X', 'PATCH', '-d', '[1]'], 400, 'EINVAL', /^the body must be a JSON object/],
    ['/v1/status', ['-X', 'DELETE'], 405, 'EINVAL', /^\/v1\/status takes GET, not DELETE$/],
    [
      '/v1/guests/here',
      ['-X', 'POST'],
      405,
      'EINVAL',
      /^\/v1\/guests\/here takes PUT or GET or DELETE, not POST$/,
    ],
    [
      '/v1/ksm',
      ['-X', 'PATCH', '-d', '{"run": null}'],
      400,
      'EINVAL',
      /^run must be a number or a string/,
    ],
    [
      '/v1/ksm',
      ['-X', 'PATCH', '-d', '{"run": true}'],
      400,
      'EINVAL',
      /^run must be a number or a string/,
    ],
    [
      '/v1/scan',
      ['-X', 'POST', '-d', '{"pages": -1}'],
      400,
      'EINVAL',
      /^pages must be a whole number of pages, 1 to 4294967296$/,
    ],
    ['/v1/logs?lines=many', [], 400, 'EINVAL', /^lines must be a whole number/],
    ['/v1/logs?follow=perhaps', [], 400, 'EINVAL', /^follow must be true or false/],
  ];

  test.each(REQUESTS)('%s %j', async (path, args, status, code, message) => {
    if (!(await daemon.client.guests()).some(({ name }) => name === 'here')) {
      await daemon.client.createGuest('here');
      await daemon.client.map('here', 'r', { pages: 2 });
    }
    expect(await daemon.curlJson(path, ...args)).toEqual({ status, json: error(code, message) });
  });

  test('a body larger than a request of its kind may be', async () => {
    const file = daemon.directory.file('large.json');
    writeFileSync(file, `{"run": "${'x'.repeat(2 ** 21)}"}`);
    expect(await daemon.curlJson('/v1/ksm', '-X', 'PATCH', '-d', `@${file}`)).toEqual({
      status: 413,
      json: error('E2BIG', /^the body is larger than/),
    });
  });

  test('HEAD of what cannot be got', async () => {
    const { body } = await daemon.curl('/v1/stop', '-I');
    expect(body).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\nallow: POST\r$/m);
  });

  test('what is no HTTP', async () => {
    const socket = await daemon.connect();
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.end('make me a sandwich\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual(
      error('EINVAL', /^no complete HTTP request/),
    );
  });
});
