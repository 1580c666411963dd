/**
 * How much memory this process may still come to use, before the kernel would kill somebody for it.
 *
 * The host has so much available, and each memory cgroup that the process is in, its own and all
 * above, leaves what its limit does of what its processes use. Files that the kernel only keeps
 * until it wants their memory do not count as used, nor does swap as memory. What cannot be read
 * sets no bound: under systemd's ProcSubset=pid the host's memory cannot.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Room {
  readonly bytes: number;
  /** What leaves so much: the host, or a cgroup's limit. */
  readonly bound: string;
}

/** A file's text; undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** The files of one version of cgroups. */
interface Version {
  readonly limit: string;
  readonly usage: string;
  /** Lines of memory.stat: bytes that the kernel takes back when it wants them. */
  readonly reclaimable: readonly string[];
}

const V1: Version = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  reclaimable: ['total_active_file', 'total_inactive_file'],
};
const V2: Version = {
  limit: 'memory.max',
  usage: 'memory.current',
  reclaimable: ['active_file', 'inactive_file'],
};

/** The least that anything leaves; undefined if nothing can be read. */
export function roomForMemory(read: ReadText = readText): Room | undefined {
  const rooms = [hostRoom(read), ...cgroupRooms(read)].filter((room) => room !== undefined);
  return rooms.sort((a, b) => a.bytes - b.bytes)[0];
}

function hostRoom(read: ReadText): Room | undefined {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '') ?? [];
  if (kibibytes === undefined) return undefined;
  return { bytes: Number(kibibytes) * 1024, bound: 'the host' };
}

function* cgroupRooms(read: ReadText): Generator<Room> {
  const mounts = cgroupMounts(read);
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const version = controllers === '' ? V2 : V1;
    if (version === V1 && !controllers.split(',').includes('memory')) continue;
    for (const { point, root } of mounts.filter((mount) => mount.version === version)) {
      const own = `${path}/`.startsWith(`${root}/`) ? path.slice(root.length) : '';
      for (const directory of upwards(join(point, own), point)) {
        const room = cgroupRoom(read, directory, version);
        if (room !== undefined) yield room;
      }
    }
  }
}

function cgroupRoom(read: ReadText, directory: string, version: Version): Room | undefined {
  const limit = number(read(join(directory, version.limit)));
  if (limit === undefined) return undefined;
  const usage = number(read(join(directory, version.usage))) ?? 0;
  const stat = read(join(directory, 'memory.stat')) ?? '';
  const reclaimable = version.reclaimable
    .map((name) => number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1]) ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
  return {
    bytes: Math.max(limit - Math.max(usage - reclaimable, 0), 0),
    bound: `the limit of ${join(directory, version.limit)}`,
  };
}

/** Undefined also for `max`: there is no limit. */
function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

interface Mount {
  readonly version: Version;
  readonly point: string;
  /** The cgroup that is mounted there: a container may see part of the tree. */
  readonly root: string;
}

function cgroupMounts(read: ReadText): Mount[] {
  return (read('/proc/self/mountinfo') ?? '').split('\n').flatMap((line): Mount[] => {
    const [, root, point, type, options] =
      /^\d+ \d+ \S+ (\S+) (\S+) .* - (\S+) \S+ (\S+)$/.exec(line) ?? [];
    if (root === undefined || point === undefined) return [];
    const isOfMemory = type === 'cgroup' && options?.split(',').includes('memory');
    if (type !== 'cgroup2' && !isOfMemory) return [];
    return [{ version: isOfMemory ? V1 : V2, point, root: root === '/' ? '' : root }];
  });
}

function* upwards(from: string, to: string): Generator<string> {
  for (let directory = from; ; directory = dirname(directory)) {
    yield directory;
    if (directory === to || directory === dirname(directory)) return;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
