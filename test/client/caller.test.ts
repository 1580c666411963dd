/** How the client gets at a route, whichever it is. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, KsmdError } from '../../src/client/index.js';
import { DaemonProcess } from '../daemon-process.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

test('any route can be called by its line', async () => {
  const { client } = daemon;
  const params = { guest: 'by-line' };
  expect(await client.call('PUT /v1/guests/:guest', { params })).toMatchObject({ node: 0 });
  expect(await client.call('DELETE /v1/guests/:guest', { params })).toBeNull();
  const { length, chunks } = await client.open('GET /v1/snapshot');
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  expect(bytes).toBe(length);
});

test('a refusal is a KsmdError with the daemon’s errno name and sentence', async () => {
  const refused = daemon.client.guest('nobody');
  await expect(refused).rejects.toBeInstanceOf(KsmdError);
  await expect(refused).rejects.toMatchObject({ code: 'ENOENT', message: "no guest 'nobody'" });
});

test('a parameter stays one part of the path, whatever it holds', async () => {
  for (const guest of ['a/regions/b', '..', '%zz', '?'])
    await expect(daemon.client.guest(guest)).rejects.toMatchObject({ code: 'EINVAL' });
});

test('a client disposed of gives up what is under way', async () => {
  const lines = await (async () => {
    await using client = new Client(daemon.socketPath);
    const following = client.logs({ lines: 1, follow: true });
    expect(await following.next()).toMatchObject({ done: false });
    return following;
  })();
  await expect(lines.next()).rejects.toMatchObject({ code: 'ECONNRESET' });
});
