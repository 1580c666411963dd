/**
 * How much of a process's memory is pinned for devices, as /proc/PID tells: all of it, where a
 * device is passed through (VFIO) or that much is pinned; else some buffers (io_uring, RDMA).
 *
 * Which pages these are the kernel does not tell.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Pinned {
  /** A device may write to its memory: KSM can merge none of it. */
  readonly isAll: boolean;
  /** As the kernel counts what is pinned for good; VFIO's own pins are not in it. */
  readonly bytes: number;
}

const KIB = 1024;
/** A device's group, or the device. /dev/vfio/vfio alone has none, and pins nothing. */
const VFIO_DEVICE = /^(\/dev\/vfio\/(devices\/|noiommu-)?\w*\d|anon_inode:\[vfio-device\])/;

export async function pinnedOf(pid: number): Promise<Pinned> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  const folder = `/proc/${pid}/fd`;
  const files: string[] = [];
  for (const fd of await readdir(folder).catch(() => []))
    files.push(await readlink(`${folder}/${fd}`).catch(() => ''));
  return parsePinned(status, files);
}

/** By its status, and the files that it has open. */
export function parsePinned(status: string, files: readonly string[]): Pinned {
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * KIB;
  const bytes = field('VmPin');
  const isMost = bytes > field('VmRSS') / 2;
  return { isAll: isMost || files.some((file) => VFIO_DEVICE.test(file)), bytes };
}
