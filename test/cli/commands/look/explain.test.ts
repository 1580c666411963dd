/** `ksmd explain`: one page, in sentences. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess } from '../../../daemon-process.js';

let daemon: DaemonProcess;
const AT = '0x100000000';

beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--memory', '16MiB']);
  await daemon.client.setKsm({ smart_scan: 0 });
  for (const name of ['web', 'db']) {
    await daemon.client.createGuest(name);
    await daemon.client.map(name, 'memory', { pages: 4 });
    await daemon.client.store(name, Number(AT), new Uint8Array(4096).fill(7));
  }
  await daemon.client.store('db', Number(AT) + 4096, new Uint8Array(4096).fill(8));
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

test('a page is explained in sentences, before and after it has merged', async () => {
  expect((await daemon.ksmd('explain', 'web', AT)).stdout).toMatch(
    /^page +0x100000000 of guest web, region memory\nstate +waiting\nwhy +The scanner has not come by since it was written\.\nnext +Nothing while the scanner is stopped; with run=1: the next full scan/,
  );
  await daemon.client.scan(100);
  await daemon.client.scan(100);
  const { stdout } = await daemon.ksmd('explain', 'web', '0x100000010');
  expect(stdout).toMatch(
    /^state +shared\nwhy +It maps a KSM page; 1 other page has the same content\.\nnext +It stays merged until it is written/m,
  );
  expect(stdout).toMatch(
    /^frame +\d+, which 2 pages map\nchecksum +[0-9a-f]{8}\nage +\d+ visits?\ntwins +db 0x100000000$/m,
  );
  expect(
    JSON.parse((await daemon.ksmd('explain', 'web', AT, '--twins', '0', '--json')).stdout),
  ).toMatchObject({ twinCount: 1, twins: [] });
});

test('an address where nothing is mapped: what to do next is said', async () => {
  const { status, stderr } = await daemon.ksmd('explain', 'web', '0x10');
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^ksmd: EFAULT: no region maps 0x0 \('ksmd guests GUEST' shows where its regions are\)/,
  );
});
