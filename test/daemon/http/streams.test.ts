/** Events and logs, through the socket. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KsmdEvent } from '../../../src/protocol/routes/streams.js';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

const BASE = 0x100000000;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--memory', '1MiB']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

test('merges, breaks, full scans and warnings are told to whoever listens', async () => {
  const events: KsmdEvent[] = [];
  const stop = new AbortController();
  const listening = (async () => {
    for await (const event of daemon.client.events(stop.signal)) events.push(event);
  })().catch(() => {});
  const told = (name: string) => until(name, () => events.find(({ event }) => event === name));

  await daemon.client.createGuest('g');
  await daemon.client.map('g', 'r', { pages: 1024 });
  await daemon.client.store('g', BASE, Buffer.alloc(4 * 4096, 3));
  // The stream may open only after the first batches: there is always another full scan to be told.
  await until('a full scan is told', async () => {
    await daemon.client.scan(100);
    return events.some(({ event }) => event === 'full_scan');
  });
  await daemon.client.store('g', BASE + 8 * 4096, Buffer.alloc(4 * 4096, 4));
  for (let i = 0; i < 3; i++) await daemon.client.scan(100);
  expect(await told('merges')).toMatchObject({ data: { pages: expect.any(Number) } });
  await daemon.client.store('g', BASE, Buffer.from('a write to a merged page'));
  expect(await told('breaks')).toMatchObject({ data: { pages: 1 } });
  await expect(daemon.client.store('g', BASE, Buffer.alloc(2 ** 21, 1))).rejects.toMatchObject({
    code: 'ENOMEM',
  });
  expect(await told('warning')).toMatchObject({
    data: { message: expect.stringContaining("guest 'g'") },
  });
  stop.abort();
  await listening;
});

test('the log is to be had line by line, the last ones or the next ones too', async () => {
  const { status, body } = await daemon.curl('/v1/logs?lines=2');
  expect(status).toBe(200);
  expect(
    body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toHaveLength(2);
  expect((await daemon.curl('/v1/logs?lines=0')).body).toBe('');

  const follower = daemon.client.logs({ lines: 1, follow: true });
  await follower.next();
  const told = (async () => {
    for await (const line of follower) if (JSON.parse(line).msg === 'tunables are set') return line;
    return undefined;
  })();
  await daemon.client.setKsm({ pages_to_scan: 7 });
  expect(JSON.parse((await told) ?? '')).toMatchObject({ level: 'info', pages_to_scan: 7 });
});
