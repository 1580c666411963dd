/**
 * Which mount an open directory is in, and whether it is one of ksmd's, told without asking the
 * file system itself: the daemon of a mount may be dead, stopped, or this one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync, readFileSync } from 'node:fs';

/** What the kernel calls a mount of ksmd's. */
export const MOUNT_TYPE = 'fuse.ksmd';
export const MOUNT_SOURCE = 'ksmd';

/** Not among Node's constants; the same on all machines that Node is built for. */
const O_PATH = 0o10000000;
/** How long a daemon may take to answer before it is taken for stopped, which is alive. */
const PATIENCE_MS = 5000;

/**
 * Opens a directory for its place only: no file system is asked for more than is known of it. To be
 * closed. Throws what open(2) does.
 */
export function openPlace(directory: string): number {
  return openSync(directory, O_PATH | constants.O_DIRECTORY);
}

/** The open directory by a path that leads to it alone, whatever is mounted over it. */
export function pathOfPlace(place: number): string {
  return `/proc/self/fd/${place}`;
}

/**
 * The mount of ksmd's that the open directory is in, this daemon's or another's: its number and its
 * device's. Undefined if it is in none. The kernel gives both numbers out again once a mount is
 * gone, that of the mount at once, to a mount of any kind.
 */
export function ownMountOf(place: number): string | undefined {
  const info = readFileSync(`/proc/self/fdinfo/${place}`, 'latin1');
  const id = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1] ?? '';
  const line = readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .find((mount) => mount.startsWith(`${id} `));
  if (line?.includes(` - ${MOUNT_TYPE} `) !== true) return undefined;
  const [, , device] = line.split(' ');
  return `${id} ${device}`;
}

/**
 * Whether a daemon is behind the mount. A process of its own asks, which can be ended if there is
 * no answer.
 */
export async function isServed(place: number): Promise<boolean> {
  const program = "fs.statfsSync('/proc/self/fd/3')";
  const child = spawn(process.execPath, ['-e', program], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'ignore', place],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status !== 1;
}
