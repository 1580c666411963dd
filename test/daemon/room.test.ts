import { expect, test } from 'vitest';
import { roomForMemory } from '../../src/daemon/room.js';

const MIB = 2 ** 20;

/** The least room of a machine that has these files. */
function room(files: Record<string, string>): unknown {
  return roomForMemory((path) => files[path]);
}

const HOST = {
  '/proc/meminfo': 'MemTotal:  8388608 kB\nMemFree:  100 kB\nMemAvailable:    4194304 kB\n',
};
const V2 = {
  '/proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n',
};

test('the host leaves what it has available', () => {
  expect(room(HOST)).toEqual({ bytes: 4096 * MIB, bound: 'the host' });
});

test('what cannot be read sets no bound', () => {
  expect(room({})).toBeUndefined();
  expect(room({ ...V2, '/proc/self/cgroup': '0::/a\n' })).toBeUndefined();
});

test('a cgroup leaves its limit less what is used, files not counted', () => {
  const own = '/sys/fs/cgroup/system.slice/ksmd.service';
  const cgroup = {
    '/proc/self/cgroup': '0::/system.slice/ksmd.service\n',
    [`${own}/memory.max`]: `${256 * MIB}\n`,
    [`${own}/memory.current`]: `${200 * MIB}\n`,
    [`${own}/memory.stat`]: `anon 1\nactive_file ${30 * MIB}\n` + `inactive_file ${120 * MIB}\n`,
  };
  expect(room({ ...HOST, ...V2, ...cgroup })).toEqual({
    bytes: 206 * MIB,
    bound: `the limit of ${own}/memory.max`,
  });
});

test('the cgroups above count as well, and those without a limit do not', () => {
  const cgroups = {
    '/proc/self/cgroup': '0::/a/b/c\n',
    '/sys/fs/cgroup/a/memory.max': `${100 * MIB}\n`,
    '/sys/fs/cgroup/a/b/memory.max': `${300 * MIB}\n`,
    '/sys/fs/cgroup/a/b/c/memory.max': 'max\n',
  };
  expect(room({ ...HOST, ...V2, ...cgroups })).toEqual({
    bytes: 100 * MIB,
    bound: 'the limit of /sys/fs/cgroup/a/memory.max',
  });
});

test('a container that sees its own part of the tree finds its limit where that is mounted', () => {
  const container = {
    '/proc/self/mountinfo':
      '1 1 0:28 /docker/1234 /sys/fs/cgroup ro - cgroup2 cgroup rw,nsdelegate\n',
    '/sys/fs/cgroup/memory.max': `${64 * MIB}\n`,
  };
  for (const path of ['/docker/1234', '/docker/12345', '/'])
    expect(room({ ...container, '/proc/self/cgroup': `0::${path}\n` })).toMatchObject({
      bytes: 64 * MIB,
    });
});

test('cgroups of the first version count, those that control memory', () => {
  const cgroups = {
    '/proc/self/mountinfo':
      '35 31 0:32 / /cg/cpu rw,relatime - cgroup cgroup rw,cpu\n' +
      '36 31 0:33 / /cg/memory rw,relatime - cgroup cgroup rw,memory\n',
    '/proc/self/cgroup': '4:cpu:/a\n3:memory:/a\n0::/\n',
    '/cg/cpu/a/memory.limit_in_bytes': '1\n',
    '/cg/memory/a/memory.limit_in_bytes': `${512 * MIB}\n`,
    '/cg/memory/a/memory.usage_in_bytes': `${500 * MIB}\n`,
    '/cg/memory/a/memory.stat': `inactive_file 0\ntotal_inactive_file ${100 * MIB}\n`,
    '/cg/memory/memory.limit_in_bytes': '9223372036854771712\n',
  };
  expect(room({ ...HOST, ...cgroups })).toEqual({
    bytes: 112 * MIB,
    bound: 'the limit of /cg/memory/a/memory.limit_in_bytes',
  });
});
