/**
 * The socket's place in the file system: a place where the daemon may listen, or a FatalError that
 * says why not.
 *
 * A socket that nobody listens on is taken over. Anything else that is there is left alone,
 * whenever it came: of two daemons that start at once, one listens, and the other touches nothing
 * of it.
 */
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemError } from '../errors.js';
import { socketPathProblem } from '../protocol/socket-path.js';
import { FatalError } from './fatal.js';
import { makeDirectory } from './make-directory.js';

/**
 * How long another daemon may take from its look at the path to listening there: some milliseconds,
 * as a rule.
 */
const LOCK_PATIENCE_MS = 5000;
const LOOK_MS = 10;

/** A path where this daemon is to listen, does so, or did. */
export class SocketPath {
  /** The socket listened on, told from any other that has come to be at the path. */
  private own: { readonly dev: number; readonly ino: number } | undefined;

  private constructor(private readonly path: string) {}

  /**
   * Makes the directory if there is none (mode 0700), and refuses a path where the daemon could not
   * listen, before anything is started for it.
   */
  static async prepare(path: string): Promise<SocketPath> {
    // Before anything is made for it, and again once there is a directory.
    assertUsable(path);
    try {
      makeDirectory(dirname(path), 0o700);
    } catch (error) {
      throw new FatalError(
        'SocketPathUnusable',
        systemError(error, `cannot make the directory of ${path}`),
      );
    }
    assertUsable(path);
    await assertFree(path);
    return new SocketPath(path);
  }

  /**
   * Listens with mode 0600, in the place of a socket that nobody listens on if need be. `listen`
   * must bind the path it is given before it resolves.
   *
   * The socket is bound under a name of its own and renamed once it listens. So nobody meets it
   * before it answers, and what Node removes when the server is closed is that name, never what is
   * at the path then.
   */
  async listen(listen: (path: string) => Promise<unknown>): Promise<void> {
    const { path } = this;
    await locked(path, async () => {
      await assertFree(path);
      let directory: number | undefined;
      try {
        directory = openSync(dirname(path), 'r');
        // By way of the open directory a name of its own cannot make the path too long.
        const ownName = `/proc/self/fd/${directory}/.ksmd-${process.pid}.sock`;
        rmSync(ownName, { force: true });
        const before = process.umask(0o177);
        try {
          await listen(ownName);
        } finally {
          process.umask(before);
        }
        renameSync(ownName, path);
        const { dev, ino } = lstatSync(path);
        this.own = { dev, ino };
      } catch (error) {
        throw new FatalError('ListenFailed', systemError(error, `cannot listen on ${path}`));
      } finally {
        if (directory !== undefined) closeSync(directory);
      }
    });
  }

  /** Removes the socket, if it is still the one at the path. */
  remove(): void {
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    if (there !== undefined && there.dev === this.own?.dev && there.ino === this.own.ino)
      rmSync(this.path, { force: true });
  }
}

function assertUsable(path: string): void {
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw new FatalError('SocketPathUnusable', problem);
}

/** Nothing is at the path, or a socket that nobody listens on. */
async function assertFree(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket())
    throw new FatalError('SocketPathTaken', {
      code: 'EEXIST',
      message: `${path} is no socket: choose another path, or move it away`,
    });
  if (await answers(path))
    throw new FatalError('SocketInUse', {
      code: 'EADDRINUSE',
      message: `a daemon listens on ${path} already: stop it, or choose another --socket`,
    });
}

/** Does `task` while no other daemon does its own for the same path. */
async function locked<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  const lock = `${path}.lock`;
  for (let waitedMs = 0; !lockTaken(path, lock); waitedMs += LOOK_MS) {
    if (waitedMs >= LOCK_PATIENCE_MS)
      throw new FatalError('SocketInUse', {
        code: 'EBUSY',
        message: `another daemon is about to listen on ${path}: if there is none, remove ${lock}`,
      });
    await delay(LOOK_MS);
  }
  try {
    return await task();
  } finally {
    rmSync(lock, { force: true });
  }
}

/**
 * Whether the lock is ours now. One whose owner died holding it is cleared away, to be taken at the
 * next try.
 */
function lockTaken(path: string, lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new FatalError('ListenFailed', systemError(error, `cannot listen on ${path}`));
  }
  if (ownerIsGone(lock)) rmSync(lock, { force: true });
  return false;
}

/** An owner that has not yet written its number is there. */
function ownerIsGone(lock: string): boolean {
  try {
    const owner = Number(readFileSync(lock, 'latin1'));
    return owner > 0 && owner !== process.pid && !isAlive(owner);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * Whether anybody listens. A connection that is refused means nobody; one that fails otherwise may
 * be somebody.
 */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
