/** Peers that are slow, silent or too many: each is dropped at its bound, and the log says so. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DaemonProcess, text } from '../../daemon-process.js';
import { until } from '../../until.js';

const BASE = 0x100000000;
const MIB = 2 ** 20;
const MAX_CONNECTIONS = 20;
const STATUS = 'GET /v1/status HTTP/1.1\r\nhost: ksmd\r\n\r\n';

let daemon: DaemonProcess;
let begun: number;
beforeAll(async () => {
  daemon = await DaemonProcess.start([
    ...['--run', '0', '--memory', '64MiB', '--log-level', 'debug'],
    ...['--body-timeout-ms', '1000', '--header-timeout-ms', '1000', '--idle-timeout-ms', '1000'],
    ...['--max-connections', String(MAX_CONNECTIONS)],
  ]);
  await daemon.client.createGuest('g');
  await daemon.client.map('g', 'r', { pages: 8192 });
  await daemon.client.store('g', BASE, Buffer.alloc(32 * MIB, 1));
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});
beforeEach(() => {
  begun = daemon.log.length;
});

/** The line of this test's that says so. */
function told(what: string): Promise<Record<string, unknown>> {
  return until(what, () => daemon.log.slice(begun).find(({ msg }) => String(msg).includes(what)));
}

/** Sends the text and reads nothing. */
async function ask(request: string): Promise<Socket> {
  const socket = await daemon.connect();
  socket.on('error', () => {});
  socket.write(request);
  return socket;
}

/** Sends the text; all that comes back until the daemon closes the connection. */
async function toTheEnd(request: string): Promise<string> {
  const socket = await ask(request);
  const answer = text(socket);
  await until('it is closed', () => isClosed(socket));
  socket.destroy();
  return answer();
}

/** By the daemon. */
function isClosed({ readableEnded, destroyed }: Socket): boolean {
  return readableEnded || destroyed;
}

describe('who stops reading', () => {
  test('a snapshot gives its frames back, and another can be taken', async () => {
    const reader = await ask('GET /v1/snapshot HTTP/1.1\r\nhost: ksmd\r\n\r\n');
    await until(
      'it is being taken',
      async () => (await daemon.curl('/v1/snapshot')).status === 409,
    );
    expect(await told('an answer was not read for 1000 ms')).toMatchObject({
      level: 'warn',
      method: 'GET',
      url: '/v1/snapshot',
    });
    await until('another is taken', async () => {
      const { status } = await daemon.curl('/v1/snapshot', '-o', '/dev/null');
      return status === 200;
    });
    await daemon.client.madvise('g', 'dontneed', { region: 'r' });
    expect(await daemon.client.status()).toMatchObject({ memory: { usedBytes: 0 } });
    expect((await daemon.curlJson('/v1/check')).json).toEqual({ disagreements: [] });
    await daemon.client.store('g', BASE, Buffer.alloc(32 * MIB, 1));
    reader.destroy();
  });

  test('memory is dropped', async () => {
    const path = `/v1/guests/g/memory?address=${BASE}&length=${32 * MIB}`;
    const reader = await ask(`GET ${path} HTTP/1.1\r\nhost: ksmd\r\n\r\n`);
    expect(await told('an answer was not read')).toMatchObject({ level: 'warn', url: path });
    reader.destroy();
  });

  test('a stream is dropped, however little it is behind', async () => {
    const path = '/v1/logs?follow=1&level=debug';
    const reader = await ask(`GET ${path} HTTP/1.1\r\nhost: ksmd\r\n\r\n`);
    await once(reader, 'readable');
    // More than a socket holds, and less than a stream may be behind.
    for (let i = 0; i < 150; i++) await daemon.curl(`/${'x'.repeat(4000)}`);
    expect(await told('an answer was not read')).toMatchObject({ level: 'warn', url: path });
    reader.destroy();
  });
});

describe('who stops sending', () => {
  test('before the first byte is answered, and its connection closed', async () => {
    expect(await toTheEnd('')).toMatch(/^HTTP\/1\.1 408 .*"code":"ETIMEDOUT"/s);
    expect(await told('no whole request came within 1000 ms')).toMatchObject({
      level: 'warn',
      bytes: 0,
    });
  });

  test('a head is answered, and its connection closed', async () => {
    expect(await toTheEnd('GET /v1/status HTTP/1.1\r\nhost:')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await told('no whole request came within 1000 ms')).toMatchObject({ level: 'warn' });
  });

  test('a body is answered, and its connection closed', async () => {
    const path = `/v1/guests/g/memory?address=${BASE}`;
    const request = `PUT ${path} HTTP/1.1\r\nhost: ksmd\r\ncontent-length: 9000\r\n\r\n1234`;
    expect(await toTheEnd(request)).toMatch(/^HTTP\/1\.1 408 .*"bytesStored":4/s);
    expect(await told('a body did not move for 1000 ms')).toMatchObject({
      level: 'warn',
      method: 'PUT',
      url: path,
    });
  });

  test('after an answer has a connection that idles, and it is closed', async () => {
    expect(await toTheEnd(STATUS)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await told('an idle connection is closed')).toMatchObject({ level: 'debug' });
  });
});

test('more connections than there may be are closed at once, and counted', async () => {
  const sockets = await Promise.all(Array.from({ length: 3 * MAX_CONNECTIONS }, () => ask('')));
  for (const socket of sockets) socket.resume();
  const full = `a connection was closed: there are ${MAX_CONNECTIONS} (--max-connections)`;
  expect(await told(full)).toMatchObject({ level: 'warn' });
  await until('others are counted', () =>
    daemon.log.slice(begun).some(({ msg, more }) => msg === full && Number(more) > 0),
  );
  await until('all are closed', () => sockets.every(isClosed));
  for (const socket of sockets) socket.destroy();
  expect((await daemon.client.status()).pid).toBe(daemon.child.pid);
});

describe('requests sent without waiting for answers', () => {
  test('take effect in the order in which they came', async () => {
    const put = (value: number): string => {
      const body = `{"pages_to_scan":${value}}`;
      const head = `PATCH /v1/ksm HTTP/1.1\r\nhost: ksmd\r\ncontent-length: ${body.length}`;
      return `${head}\r\n\r\n${body}`;
    };
    const get = 'GET /v1/ksm HTTP/1.1\r\nhost: ksmd\r\n\r\n';
    const values = Array.from({ length: 20 }, (_, i) => i + 1);
    const answer = await toTheEnd(values.map((value) => put(value) + get).join(''));
    expect(
      [...answer.matchAll(/"pages_to_scan":(\d+)/g)].map(([, value]) => Number(value)),
    ).toEqual(values.flatMap((value) => [value, value]));
  });

  test('are dropped where too many wait', async () => {
    const answer = await toTheEnd(STATUS.repeat(1000));
    expect(answer.split('HTTP/1.1 200').length).toBeLessThan(1000);
    expect(await told('more than 64 requests waited on it')).toMatchObject({ level: 'warn' });
    expect((await daemon.client.status()).pid).toBe(daemon.child.pid);
  });
});
