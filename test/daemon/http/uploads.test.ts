/** What becomes of uploads that do not go as announced. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

const BASE = 0x100000000;
const PAGES = 64;
const MIB = 2 ** 20;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--memory', '2MiB']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

beforeEach(async () => {
  for (const { name } of await daemon.client.guests()) await daemon.client.removeGuest(name);
  await daemon.client.createGuest('g');
  await daemon.client.map('g', 'r', { pages: PAGES });
});

/** Sends bytes as they are and says what comes back. */
async function raw(
  text: string | Buffer,
  options: { halfClose?: boolean } = {},
): Promise<{ status: number; json: unknown }> {
  const socket = await daemon.connect();
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.on('error', () => {});
  if (options.halfClose) socket.end(text);
  else socket.write(text);
  await until('an answer', () => answer.includes('\r\n\r\n') && answer.endsWith('}'));
  socket.destroy();
  return {
    status: Number(answer.split(' ')[1]),
    json: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))),
  };
}

function request(query: string, ...headers: string[]): string {
  return [`PUT /v1/guests/g/memory?${query} HTTP/1.1`, 'host: ksmd', ...headers, '', ''].join(
    '\r\n',
  );
}

function chunked(bytes: number): string {
  return `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;
}

async function read(length: number): Promise<string> {
  let text = '';
  for await (const chunk of daemon.client.load('g', BASE, length))
    text += Buffer.from(chunk).toString('latin1');
  return text;
}

describe('a body', () => {
  test('need not announce its length', async () => {
    const answer = await raw(
      request(`address=${BASE}`, 'transfer-encoding: chunked') + chunked(5000),
    );
    expect(answer).toEqual({ status: 200, json: { bytesStored: 5000 } });
    expect(await read(5001)).toBe(`${'x'.repeat(5000)}\0`);
  });

  test('may be of one buffer, filled again for each chunk', async () => {
    const chunkBytes = 128 * 1024;
    const { address } = await daemon.client.map('g', 'long', { pages: 256 });
    const buffer = Buffer.alloc(chunkBytes);
    function* chunks(): Generator<Buffer> {
      for (let fill = 1; fill <= 8; fill++) yield buffer.fill(fill);
    }
    await daemon.client.store('g', address, { chunks: chunks() });
    const found: Uint8Array[] = [];
    for await (const chunk of daemon.client.load('g', address, 8 * chunkBytes)) found.push(chunk);
    const expected = Array.from({ length: 8 }, (_, i) => Buffer.alloc(chunkBytes, i + 1));
    expect(Buffer.concat(found).equals(Buffer.concat(expected))).toBe(true);
  });

  test('whose header disagrees with its query is refused before anything is stored', async () => {
    const answer = await raw(
      request(`address=${BASE}&length=100`, 'content-length: 50') + 'x'.repeat(50),
    );
    expect(answer).toEqual({
      status: 400,
      json: {
        error: {
          code: 'EINVAL',
          message: 'the body has 50 bytes where length says 100: 0 bytes were stored',
        },
        bytesStored: 0,
      },
    });
    expect((await daemon.client.guest('g')).presentPages).toBe(0);
  });

  test('that is cut short says how much was stored', async () => {
    const answer = await raw(
      request(`address=${BASE}&length=10000`, 'content-length: 10000') + 'x'.repeat(6000),
      { halfClose: true },
    );
    expect(answer).toMatchObject({
      status: 400,
      json: {
        error: {
          code: 'EINVAL',
          message: expect.stringMatching(/cut short.*6000 bytes were stored/),
        },
        bytesStored: 6000,
      },
    });
    expect(await read(6001)).toBe(`${'x'.repeat(6000)}\0`);
  });

  test('that ends before its announced length says how much was stored', async () => {
    const answer = await raw(
      request(`address=${BASE}&length=10000`, 'transfer-encoding: chunked') + chunked(6000),
    );
    expect(answer).toMatchObject({
      status: 400,
      json: {
        error: { code: 'EINVAL', message: expect.stringMatching(/cut short of the 10000/) },
        bytesStored: 6000,
      },
    });
  });

  test('that is larger than announced is stored up to there', async () => {
    const answer = await raw(
      request(`address=${BASE}&length=4000`, 'transfer-encoding: chunked') + chunked(6000),
    );
    expect(answer).toMatchObject({
      status: 400,
      json: {
        error: { code: 'EINVAL', message: expect.stringMatching(/larger than the 4000/) },
        bytesStored: 4000,
      },
    });
    expect(await read(4001)).toBe(`${'x'.repeat(4000)}\0`);
  });

  test('for addresses that nothing maps is refused before it is sent', async () => {
    const answer = await raw(request(`address=${BASE}&length=${MIB}`, `content-length: ${MIB}`));
    expect(answer).toMatchObject({ status: 400, json: { error: { code: 'EFAULT' } } });
  });

  test('for a guest that goes meanwhile fails, and says how much was stored', async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(4096, 1);
      await until(
        'the first page is there',
        async () => (await daemon.client.guest('g')).presentPages === 1,
      );
      await daemon.client.removeGuest('g');
      yield Buffer.alloc(4096, 1);
    }
    await expect(
      daemon.client.store('g', BASE, { length: 8192, chunks: slow() }),
    ).rejects.toMatchObject({ code: 'ENOENT', details: { bytesStored: 4096 } });
  });
});

describe('a body for several ranges', () => {
  const range = (page: number, pages: number) => ({
    address: BASE + page * 4096,
    length: pages * 4096,
  });

  test('is stored in each, one after another', async () => {
    const bytes = Buffer.alloc(4 * 4096);
    bytes.forEach((_, at) => {
      bytes[at] = at % 251;
    });
    await daemon.client.storeRanges('g', [range(9, 1), range(2, 2), range(40, 1)], bytes);
    expect((await daemon.client.guest('g')).presentPages).toBe(4);
    const whole = Buffer.from(await read(64 * 4096), 'latin1');
    expect(whole.subarray(9 * 4096, 10 * 4096)).toEqual(bytes.subarray(0, 4096));
    expect(whole.subarray(2 * 4096, 4 * 4096)).toEqual(bytes.subarray(4096, 3 * 4096));
    expect(whole.subarray(40 * 4096, 41 * 4096)).toEqual(bytes.subarray(3 * 4096));
  });

  test('stores nothing where one of them is not mapped, or ends before it begins', async () => {
    const store = (...ranges: ReturnType<typeof range>[]) =>
      daemon.client.storeRanges('g', ranges, Buffer.alloc(2 * 4096, 1));
    await expect(store(range(0, 1), range(64, 1))).rejects.toMatchObject({ code: 'EFAULT' });
    await expect(store(range(0, 3), range(8, -1))).rejects.toMatchObject({ code: 'EINVAL' });
    expect((await daemon.client.guest('g')).presentPages).toBe(0);
  });

  test('is as long as they are', async () => {
    const short = daemon.client.storeRanges('g', [range(0, 2), range(8, 1)], {
      chunks: [Buffer.alloc(2 * 4096 + 5, 1)],
    });
    await expect(short).rejects.toMatchObject({
      code: 'EINVAL',
      details: { bytesStored: 2 * 4096 + 5 },
    });
    const announced = await raw(
      `PUT /v1/guests/g/memory/ranges?ranges=100000000-100001000 HTTP/1.1\r\nhost: ksmd\r\n` +
        'content-length: 4097\r\n\r\n',
    );
    expect(announced).toMatchObject({ status: 400, json: { error: { code: 'EINVAL' } } });
  });

  test('says how much of all was stored when memory is exhausted', async () => {
    await daemon.client.createGuest('big');
    await daemon.client.map('big', 'r', { pages: 2048 });
    const upload = daemon.client.storeRanges(
      'big',
      [range(1000, 500), range(0, 500)],
      Buffer.alloc(1000 * 4096, 7),
    );
    await expect(upload).rejects.toMatchObject({
      code: 'ENOMEM',
      details: { bytesStored: 2 * MIB },
    });
  });
});

describe('a body that does not move', () => {
  let hasty: DaemonProcess;
  beforeAll(async () => {
    hasty = await DaemonProcess.start(['--run', '0', '--body-timeout-ms', '400']);
    await hasty.client.createGuest('g');
    await hasty.client.map('g', 'r', { pages: PAGES });
  });
  afterAll(async () => {
    expect(await hasty.stop()).toBe(0);
  });

  /** All that comes back until the connection is closed by the daemon. */
  async function toTheEnd(text: string): Promise<string> {
    const socket = await hasty.connect();
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.write(text);
    await once(socket, 'end');
    socket.destroy();
    return answer;
  }

  test('is answered, and its connection closed', async () => {
    const answer = await toTheEnd(
      'PATCH /v1/ksm HTTP/1.1\r\nhost: ksmd\r\ncontent-length: 100\r\n\r\n{"run":',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"ETIMEDOUT","message":"the body did not move for 400 ms');
  });

  test('says how much of it was stored', async () => {
    const answer = await toTheEnd(
      request(`address=${BASE}`, 'content-length: 10000') + 'x'.repeat(6000),
    );
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      error: { code: 'ETIMEDOUT' },
      bytesStored: 6000,
    });
  });

  test('after the answer to it is out closes the connection all the same', async () => {
    expect(
      await toTheEnd('GET /v1/status HTTP/1.1\r\nhost: ksmd\r\ncontent-length: 100\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('is not one that moves slowly', async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 8; i++) {
        await delay(100);
        yield Buffer.alloc(4096, i);
      }
    }
    await hasty.client.store('g', BASE, { length: 8 * 4096, chunks: slow() });
  });
});

describe('when memory is exhausted', () => {
  test('the bytes before the failing page are stored, and the answer says how many', async () => {
    await daemon.client.createGuest('big');
    await daemon.client.map('big', 'r', { pages: 2048 });
    const upload = daemon.client.store('big', BASE, {
      length: 8 * MIB,
      chunks: Array.from({ length: 8 }, () => Buffer.alloc(MIB, 7)),
    });
    await expect(upload).rejects.toMatchObject({
      code: 'ENOMEM',
      details: { bytesStored: 2 * MIB },
    });
    expect((await daemon.client.guest('big')).presentPages).toBe(512);
    expect(await daemon.client.status()).toMatchObject({ memory: { freeBytes: 0 } });
    expect(daemon.log.at(-1)).toMatchObject({ level: 'warn', guest: 'big', bytesStored: 2 * MIB });
  });

  test('curl gets the answer too', async () => {
    await daemon.client.createGuest('big');
    await daemon.client.map('big', 'r', { pages: 2048 });
    const file = daemon.directory.file('big');
    writeFileSync(file, Buffer.alloc(8 * MIB, 7));
    const { status, json } = await daemon.curlJson(
      `/v1/guests/big/memory?address=${BASE}`,
      '-T',
      file,
    );
    expect({ status, json }).toMatchObject({
      status: 507,
      json: { error: { code: 'ENOMEM' }, bytesStored: 2 * MIB },
    });
  });

  test('an upload waits for a scanner that frees frames', async () => {
    await daemon.client.setKsm({
      run: 1,
      sleep_millisecs: 0,
      pages_to_scan: 1000,
      smart_scan: 0,
      max_page_sharing: 100000,
    });
    await daemon.client.createGuest('big');
    await daemon.client.map('big', 'r', { pages: 2048 });
    await daemon.client.store('big', BASE, {
      length: 8 * MIB,
      chunks: Array.from({ length: 8 }, () => Buffer.alloc(MIB, 7)),
    });
    expect((await daemon.client.guest('big')).presentPages).toBe(2048);
    await daemon.client.setKsm({ run: 0 });
  });
});

test('a client that dies in mid-upload leaves what arrived, and a daemon that goes on', async () => {
  const socket = await daemon.connect();
  socket.write(
    request(`address=${BASE}&length=100000`, 'content-length: 100000') + 'x'.repeat(9000),
  );
  await until('it has arrived', async () => (await daemon.client.guest('g')).presentPages === 3);
  socket.destroy();
  await once(socket, 'close');
  expect(await read(9001)).toBe(`${'x'.repeat(9000)}\0`);
  await daemon.client.store('g', BASE, Buffer.from('still here'));
  expect(await read(10)).toBe('still here');
});
