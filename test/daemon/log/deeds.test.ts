/** What is done to a daemon is told in its log at info: guests, workloads, tunables. */
import { expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';

test('who comes and goes, what is set and what runs is told, and of whom', async () => {
  const daemon = await DaemonProcess.start(['--run', '0', '--memory', '16MiB']);
  const { client } = daemon;
  const from = daemon.log.length;
  await client.createGuest('a', 1);
  await client.map('a', 'r', { pages: 4 });
  await client.fork('a', 'child');
  await client.exec('child');
  await client.setKsm({ pages_to_scan: '2000', smart_scan: 0 });
  await client.setKhugepaged({ max_ptes_none: 7 });
  const { id } = await client.run({ workload: 'dirty', guest: 'busy', pages: 16 });
  await client.kill(id);
  await client.removeGuest('a');
  await until('all is told', () => daemon.log.some(({ msg }) => msg === 'a guest is unregistered'));
  const told = daemon.log.slice(from).map(({ time: _, ...line }) => line);
  expect(told).toEqual([
    { level: 'info', guest: 'a', node: 1, msg: 'a guest is registered' },
    { level: 'info', guest: 'child', parent: 'a', msg: 'a guest is forked' },
    { level: 'info', guest: 'child', msg: 'a guest becomes another program' },
    { level: 'info', pages_to_scan: 2000, smart_scan: 0, msg: 'tunables are set' },
    { level: 'info', 'khugepaged/max_ptes_none': 7, msg: 'tunables are set' },
    { level: 'info', guest: 'busy', msg: 'a guest is registered' },
    expect.objectContaining({ id, workload: 'dirty', guest: 'busy', msg: 'a workload starts' }),
    expect.objectContaining({ id, state: 'stopped', wrong: 0, msg: 'a workload has ended' }),
    { level: 'info', guest: 'a', msg: 'a guest is unregistered' },
  ]);
  expect(await daemon.stop()).toBe(0);
});

test('at debug each region, and the counters as they move, are told too', async () => {
  const daemon = await DaemonProcess.start(['--run', '0', '--log-level', 'debug']);
  const { client } = daemon;
  await client.createGuest('a');
  await client.map('a', 'r', { pages: 4, address: 4096 });
  await client.store('a', 4096, new Uint8Array(4096).fill(1));
  await client.scan(100);
  await until('it is told', () => daemon.log.some(({ msg }) => msg === 'scanned'));
  await client.unmap('a', 'r');
  expect(await daemon.stop()).toBe(0);
  expect(daemon.log).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 'debug', region: 'r', msg: 'a region is registered' }),
      expect.objectContaining({ level: 'debug', region: 'r', msg: 'a region is unregistered' }),
      expect.objectContaining({ level: 'debug', pages_volatile: 1, msg: 'scanned' }),
      expect.objectContaining({ level: 'info', pages_not_shared: 1, msg: 'a full scan has ended' }),
    ]),
  );
});
