/** `ksmd run launcher`: services whose memory merges for what their launcher has set. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess } from '../../../daemon-process.js';
import { until } from '../../../until.js';

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--sleep-ms', '0', '--max-workloads', '2']);
  await daemon.client.setKsm({ smart_scan: 0, pages_to_scan: 1000 });
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

test('a launcher forks its services, and what they map merges unadvised', async () => {
  const args = ['--guest', 'systemd', '--size', '1MiB', '--children', '2'];
  const { status, stdout, stderr } = await daemon.ksmd('run', 'launcher', ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^systemd: all that it .* is mergeable\nsystemd-1: .* boots as workload \d+\nsystemd-2: .*\n$/,
  );
  const service = () => daemon.client.guest('systemd-2');
  await until('pages of a service have merged', async () => (await service()).mergedPages > 0);
  expect(await service()).toMatchObject({
    mergesAny: true,
    regions: [{ name: 'boot', pages: 256 }],
  });
  expect(await daemon.client.check()).toEqual([]);
});

test('one that cannot start all its services leaves none', async () => {
  const args = ['--guest', 'other', '--size', '64KiB', '--children', '1'];
  expect(await daemon.ksmd('run', 'launcher', ...args)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^ksmd: ENOSPC: there are already 2 workloads/),
  });
  expect((await daemon.client.guests()).map(({ name }) => name)).not.toContain('other-1');
});
