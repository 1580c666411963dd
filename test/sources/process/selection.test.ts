/** Which processes are meant, and what their guests are called. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseNumaMaps } from '../../../src/sources/process/numa-maps.js';
import {
  cgroupProcesses,
  guestName,
  machineName,
  unitProcesses,
} from '../../../src/sources/process/selection.js';
import { TemporaryDirectory } from '../../daemon-process.js';

test.each([
  ['as libvirt writes it', 'guest=web,debug-threads=on', 'web'],
  ['as Proxmox does', 'web,debug-threads=on', 'web'],
  ['as people do', 'web', 'web'],
])('a machine has its name, %s', (_way, value, name) => {
  expect(machineName(['qemu-system-x86_64', '-m', '1G', '-name', value])).toBe(name);
});

test('a machine may have none', () => {
  expect(machineName(['qemu-system-x86_64', '-m', '1G'])).toBeUndefined();
  expect(machineName(['qemu-system-x86_64', '-name', ''])).toBeUndefined();
});

test('a pattern makes names that guests can have', () => {
  const self = { pid: process.pid };
  expect(guestName('{name}-{pid}', { ...self, machine: 'a b/c' })).toBe(`a-b-c-${process.pid}`);
  expect(guestName('{comm}', self)).toMatch(/^[A-Za-z0-9._-]+$/);
  expect(guestName('x'.repeat(100), self)).toHaveLength(64);
});

test('a control group has its processes, and those below it', () => {
  const own = readFileSync('/proc/self/cgroup', 'latin1').split('\n');
  const path = own.find((line) => line.startsWith('0::'))?.slice('0::'.length);
  if (path === undefined || !existsSync(`/sys/fs/cgroup${path}/cgroup.procs`)) {
    console.log('no control groups of version 2 are here: not tested');
    return;
  }
  expect(cgroupProcesses(path)).toContainEqual({ pid: process.pid });
  expect(cgroupProcesses(`/sys/fs/cgroup${path}`)).toContainEqual({ pid: process.pid });
});

test('a control group is found where version 2 is mounted beside version 1', () => {
  const directory = new TemporaryDirectory();
  try {
    const root = directory.file('cgroup');
    mkdirSync(`${root}/unified/web/worker`, { recursive: true });
    writeFileSync(`${root}/unified/web/cgroup.procs`, '12\n');
    writeFileSync(`${root}/unified/web/worker/cgroup.procs`, '7\n');
    const both = [{ pid: 7 }, { pid: 12 }];
    expect(cgroupProcesses('/web', root)).toEqual(both);
    expect(cgroupProcesses(`${root}/unified/web`, root)).toEqual(both);
    expect(() => cgroupProcesses('/db', root)).toThrow(/is no control group/);
  } finally {
    directory.remove();
  }
});

test('what is not there is refused', async () => {
  expect(() => cgroupProcesses('no/such/group')).toThrow(/is no control group/);
  await expect(unitProcesses('no-such-unit.service')).rejects.toThrow(/no unit .* runs/);
});

test('a mapping lies on the node of most of its pages', () => {
  const text = [
    '7f0000000000 default anon=12 dirty=12 N0=4 N1=8 kernelpagesize_kB=4',
    '7f0000100000 bind:0 anon=3 N0=3 kernelpagesize_kB=4',
    '7f0000200000 default',
    '',
  ].join('\n');
  expect(parseNumaMaps(text)).toEqual(new Map([[0x7f0000000000, 1]]));
});
