/** Many regions and short runs in few requests. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GuestBatch } from '../../../../src/cli/commands/guests/guest-batch.js';
import { PageUpload } from '../../../../src/cli/commands/guests/page-upload.js';
import { DaemonProcess } from '../../../daemon-process.js';

const PAGE = 4096;
const REGIONS = 600;
const BASE = 0x10000000;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--memory', '32MiB']);
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

test('are where they were put, and long runs among them', async () => {
  const { client } = daemon;
  await client.createGuest('g');
  const upload = await PageUpload.to(client);
  const batch = new GuestBatch(client, upload, 'g');
  const requests = vi.spyOn(client, 'call');
  const uploads = vi.spyOn(client, 'upload');
  // One buffer for all, as sources have it.
  const buffer = Buffer.alloc(512 * PAGE);
  const address = (region: number): number => BASE + region * 2 * PAGE;
  for (let region = 0; region < REGIONS; region++) {
    await batch.map({ name: `r${region}`, address: address(region), pages: 1 });
    await batch.store(address(region), buffer.subarray(0, PAGE).fill(1 + (region % 200)));
    if (region === 300) {
      await batch.map({ name: 'long', address: 2 * BASE, pages: 512 });
      await batch.store(2 * BASE, buffer.fill(201));
    }
  }
  await batch.send();
  expect(requests.mock.calls.length).toBeLessThan(6);
  expect(uploads.mock.calls.length).toBeLessThan(7);

  const guest = await client.guest('g');
  expect([guest.regions.length, guest.presentPages]).toEqual([REGIONS + 1, REGIONS + 512]);
  const first = async (at: number): Promise<number | undefined> => {
    for await (const chunk of client.load('g', at, 1)) return chunk[0];
    return undefined;
  };
  for (const region of [0, 1, 255, 256, 257, 300, 301, 599])
    expect(await first(address(region)), `region ${region}`).toBe(1 + (region % 200));
  expect(await first(2 * BASE + 511 * PAGE)).toBe(201);
});
