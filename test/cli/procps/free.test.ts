/** `ksmd free`: what is used, and what would be without KSM. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';

const BASE = 0x100000000;
const MIB = 2 ** 20;

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0', '--memory', '4MiB']);
  const { client } = daemon;
  await client.setKsm({ smart_scan: 0, use_zero_pages: 1 });
  // Four guests of 1 MiB that hold the same page all over, each as it comes, and one of zeroes.
  for (const [guest, byte] of [
    ['a', 7],
    ['b', 7],
    ['c', 7],
    ['d', 7],
    ['zeroes', 0],
  ] as const) {
    await client.createGuest(guest);
    await client.map(guest, 'r', { pages: 256 });
    await client.store(guest, BASE, Buffer.alloc(MIB, byte));
    for (let i = 0; i < 3; i++) await client.scan(10_000);
  }
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

test('shows the columns of old, and what is free without KSM even where that is less than nothing', async () => {
  const { counters } = await daemon.client.status();
  const sharedKib = (counters.pages_shared ?? 0) * 4;
  const { status, stdout, stderr } = await daemon.ksmd('free');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  expect(rows).toEqual([
    ['total', 'used', 'free', 'shared', 'buffers', 'cached'],
    ['Mem:', '4096', String(sharedKib), String(4096 - sharedKib), String(sharedKib), '0', '0'],
    ['-KSM:', '5120', '-1024'],
    ['Swap:', '0', '0', '0'],
    ['Saved:', String(5120 - sharedKib)],
  ]);
  // As free has them: figures below their names.
  expect(
    stdout
      .split('\n')
      .slice(0, 2)
      .map((line) => line.length),
  ).toEqual([73, 73]);
  expect(stdout.split('\n')[2]?.indexOf('5120')).toBe(25);
});

test('-h shows sizes that are easy to read', async () => {
  expect((await daemon.ksmd('free', '-h')).stdout).toMatch(
    /^Mem: +4 MiB +\d+ KiB +3\.9 MiB +\d+ KiB +0 B +0 B\n-KSM: +5 MiB +-1 MiB\n/m,
  );
});

test('--json has bytes, and follows a write at once', async () => {
  const read = async () => JSON.parse((await daemon.ksmd('free', '--json')).stdout);
  const before = await read();
  expect(before).toMatchObject({
    totalBytes: 4 * MIB,
    withoutKsmBytes: 5 * MIB,
    savedBytes: 5 * MIB - before.usedBytes,
  });
  await daemon.client.store('zeroes', BASE, Buffer.from('a byte'));
  expect(await read()).toEqual({
    ...before,
    usedBytes: before.usedBytes + 4096,
    freeBytes: before.freeBytes - 4096,
    savedBytes: before.savedBytes - 4096,
  });
});
