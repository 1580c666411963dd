/**
 * Trees as mounts: a file system of the kernel's kind, whose requests this process answers. A write
 * returns when it is done, its error is the writer's, and a read sees all that was done before it.
 *
 * It takes root, /dev/fuse and koffi. Whoever may read a file by its mode may read it, under
 * whatever user. The mounts are gone when the process ends in any way in which it can still do
 * something; where it is killed, whoever is in there gets an error (ENOTCONN), and the next daemon
 * takes the mount away.
 *
 * This process must not look into its own mounts with a call that waits for the answer: it would
 * wait for itself.
 */
import { closeSync, constants } from 'node:fs';
import { KsmdError, systemError } from '../../../errors.js';
import { FileServer, type Served } from './file-server.js';
import { MOUNT_SOURCE, MOUNT_TYPE, openPlace, ownMountOf, pathOfPlace } from './mount-point.js';
import { Requests } from './requests.js';
import { SystemCalls } from './system-calls.js';

const ROOT_MODE = constants.S_IFDIR.toString(8);

export interface Place {
  /** Where the directory is. */
  readonly path: string;
  /** The same, whatever is mounted over it. */
  readonly beneath: string;
}

export interface Told {
  /** Somebody else has taken a mount away. */
  lost(path: string): void;
  /** What should not have happened, and cost somebody who asked his answer. */
  fault(error: unknown): void;
}

export class Mounts {
  /** Those that are there, by their paths. None is held open: others may unmount it. */
  private readonly made = new Map<string, string>();
  private readonly requests: Requests;
  private readonly atExit = (): void => this.remove();

  private constructor(
    private readonly calls: SystemCalls,
    private readonly told: Told,
  ) {
    this.requests = new Requests(calls, (error) => told.fault(error));
    process.on('exit', this.atExit);
  }

  /**
   * All are there and answer when this resolves. KsmdError if they cannot be, and none is left.
   */
  static async make(trees: readonly (readonly [Place, Served])[], told: Told): Promise<Mounts> {
    const mounts = new Mounts(await SystemCalls.load(), told);
    try {
      for (const [place, served] of trees) await mounts.mount(place, served);
      return mounts;
    } catch (error) {
      mounts.remove();
      throw systemError(error, 'no file system can be mounted here');
    }
  }

  /** Resolves once all that was asked before is answered. */
  settled(): Promise<void> {
    return this.requests.settled();
  }

  /** At once; who is in there gets an error. The second time there is nothing to do. */
  remove(): void {
    process.off('exit', this.atExit);
    for (const [path, mount] of this.made) this.detach(path, mount);
    this.made.clear();
    this.requests.stop();
  }

  private async mount({ path, beneath }: Place, served: Served): Promise<void> {
    const server = new FileServer(served);
    const fd = this.requests.open(server, () => {
      this.made.delete(path);
      server.end();
      this.told.lost(path);
    });
    const options = [
      `fd=${fd}`,
      `rootmode=${ROOT_MODE}`,
      `user_id=${process.geteuid?.() ?? 0}`,
      `group_id=${process.getegid?.() ?? 0}`,
      // Permissions are checked by the kernel, by the modes of files.
      'default_permissions',
      'allow_other',
    ];
    this.calls.mount(MOUNT_SOURCE, beneath, MOUNT_TYPE, options.join(','));
    withPlace(path, (place) => {
      const mount = ownMountOf(place);
      if (mount === undefined)
        throw new KsmdError('EBUSY', `something else is mounted over ${path} already`);
      this.made.set(path, mount);
    });
    await server.begun;
  }

  /** That very mount: what others have put there stays. */
  private detach(path: string, mount: string): void {
    try {
      withPlace(path, (place) => {
        if (ownMountOf(place) === mount) this.calls.detach(pathOfPlace(place));
      });
    } catch {
      // Somebody else has taken it away.
    }
  }
}

function withPlace(path: string, task: (place: number) => void): void {
  const place = openPlace(path);
  try {
    task(place);
  } finally {
    closeSync(place);
  }
}

/** Takes a mount away that a dead daemon has left. KsmdError if that is not allowed. */
export async function detachDead(place: number): Promise<void> {
  try {
    (await SystemCalls.load()).detach(pathOfPlace(place));
  } catch (error) {
    throw systemError(error, 'a mount that a killed daemon has left there cannot be taken away');
  }
}
