/** khugepaged's tunables, over the socket, on the command line and as the daemon starts. */
import { afterEach, expect, test } from 'vitest';
import { DaemonProcess, ksmd } from '../../daemon-process.js';

const DEFAULTS = {
  pages_to_scan: 4096,
  scan_sleep_millisecs: 10_000,
  max_ptes_none: 511,
  max_ptes_shared: 256,
  max_ptes_swap: 64,
  pages_collapsed: 0,
  full_scans: 0,
};

let daemon: DaemonProcess | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

async function start(...args: string[]): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start(['--run', '0', ...args]);
  return daemon;
}

test('they are read and written under their names in the kernel, all of a request or none', async () => {
  const { client } = await start();
  expect(await client.khugepaged()).toEqual(DEFAULTS);
  expect(await client.setKhugepaged({ max_ptes_none: 0, pages_to_scan: '512' })).toEqual({
    ...DEFAULTS,
    max_ptes_none: 0,
    pages_to_scan: 512,
  });
  await expect(client.setKhugepaged({ max_ptes_none: 1, max_ptes_shared: 512 })).rejects.toThrow(
    expect.objectContaining({
      code: 'EINVAL',
      message: "khugepaged/max_ptes_shared takes whole numbers from 0 to 511, not '512'",
    }),
  );
  await expect(client.setKhugepaged({ full_scans: 1 })).rejects.toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
  await expect(client.setKhugepaged({ defrag: 1 })).rejects.toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  );
  expect(await client.khugepaged()).toMatchObject({ max_ptes_none: 0, max_ptes_shared: 256 });
});

test("a request may write KSM's and khugepaged's: all of both or none", async () => {
  const { client } = await start();
  await client.setKsm({ 'khugepaged/max_ptes_none': 7, pages_to_scan: 8 });
  expect(await client.khugepaged()).toMatchObject({ max_ptes_none: 7, pages_to_scan: 4096 });
  expect(await client.ksm()).toMatchObject({ pages_to_scan: 8 });
  await expect(client.setKsm({ 'khugepaged/max_ptes_none': 9, pages_to_scan: -1 })).rejects.toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
  await expect(client.setKsm({ pages_to_scan: 9, 'khugepaged/max_ptes_none': -1 })).rejects.toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
  expect(await client.khugepaged()).toMatchObject({ max_ptes_none: 7 });
  expect(await client.ksm()).toMatchObject({ pages_to_scan: 8 });
});

test('ksmd get and ksmd set know them by khugepaged/ before the name', async () => {
  const running = await start();
  const all = JSON.parse((await running.ksmd('get', '--json')).stdout);
  expect(all).toMatchObject({ run: 0, 'khugepaged/max_ptes_none': 511 });
  expect(await running.ksmd('set', 'khugepaged/max_ptes_none=0', 'run=1')).toMatchObject({
    stdout: 'khugepaged/max_ptes_none  0\nrun                       1\n',
    status: 0,
  });
  expect(await running.ksmd('get', 'khugepaged/max_ptes_none')).toMatchObject({
    stdout: 'khugepaged/max_ptes_none  0\n',
  });
  expect(await running.ksmd('get', 'khugepaged/defrag')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("no counter or tunable 'khugepaged/defrag'"),
  });
  expect(await running.ksmd('set', 'khugepaged/pages_to_scan=0')).toMatchObject({
    status: 1,
    stderr:
      'ksmd: EINVAL: khugepaged/pages_to_scan takes whole numbers from 1 to 4294967295, ' +
      "not '0'\n",
  });
});

test('the daemon begins with those that --set gives, and with none that khugepaged refuses', async () => {
  const { client } = await start('--set', 'khugepaged/max_ptes_none=3');
  expect(await client.khugepaged()).toMatchObject({ max_ptes_none: 3 });
  expect(await ksmd(['start', '--set', 'khugepaged/max_ptes_none=512'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('EINVAL: khugepaged/max_ptes_none takes whole numbers'),
  });
});
