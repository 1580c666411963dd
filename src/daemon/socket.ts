/**
 * The socket's place in the file system: a place where the daemon may listen, or a FatalError that
 * says why not.
 *
 * A socket that nobody listens on is taken over. Anything else that is there is left alone,
 * whenever it came: of two daemons that start at once, one listens, and the other touches nothing
 * of it. For a daemon changes what is at the path only while it has it claimed (claim.ts), and
 * looks at it first; or while it listens there itself, so that no other takes it over. A daemon
 * that dies meanwhile leaves at the path what was there, or a socket that nobody listens on.
 */
import { lstatSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemError } from '../errors.js';
import { socketPathProblem } from '../protocol/socket-path.js';
import { answers } from './answers.js';
import { Claim } from './claim.js';
import { FatalError } from './fatal.js';
import { makeDirectory } from './make-directory.js';

/**
 * How long another daemon may take from its look at the path to listening there: some milliseconds,
 * as a rule.
 */
const CLAIM_PATIENCE_MS = 5000;
const LOOK_MS = 10;
const OWNER_ONLY = 0o177;

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
    try {
      await claimed(path, async (claim) => {
        await assertFree(path);
        const ownName = claim.socketName();
        try {
          await withUmask(OWNER_ONLY, () => listen(ownName));
          renameSync(ownName, path);
        } catch (error) {
          rmSync(ownName, { force: true });
          throw error;
        }
        const { dev, ino } = lstatSync(path);
        this.own = { dev, ino };
      });
    } catch (error) {
      if (error instanceof FatalError) throw error;
      throw new FatalError('ListenFailed', systemError(error, `cannot listen on ${path}`));
    }
  }

  /** Removes the socket, if it is still the one at the path. */
  async remove(): Promise<void> {
    if (this.own === undefined) return;
    try {
      await claimed(this.path, () => this.removeListening());
    } catch (error) {
      // Where another daemon takes its time to put its own there, the path is left to it. Where
      // none can claim it, on a full disk, there is no other.
      if (!(error instanceof FatalError)) this.removeListening();
    }
  }

  /** As `remove`, at once: nobody takes over a socket that is still listened on. */
  removeListening(): void {
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    if (there !== undefined && there.dev === this.own?.dev && there.ino === this.own.ino)
      rmSync(this.path, { force: true });
  }
}

async function withUmask<Result>(umask: number, task: () => Promise<Result>): Promise<Result> {
  const before = process.umask(umask);
  try {
    return await task();
  } finally {
    process.umask(before);
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

/**
 * Does `task` while no other daemon does its own for the same path: what is at the path is only
 * changed by whoever has it claimed.
 */
async function claimed<Result>(
  path: string,
  task: (claim: Claim) => Result | Promise<Result>,
): Promise<Result> {
  for (let waitedMs = 0; waitedMs < CLAIM_PATIENCE_MS; waitedMs += LOOK_MS) {
    const claim = await Claim.take(path);
    if (claim !== undefined) {
      try {
        return await task(claim);
      } finally {
        claim.release();
      }
    }
    await delay(LOOK_MS);
  }
  throw new FatalError('SocketInUse', {
    code: 'EBUSY',
    message: `another daemon is about to listen on ${path}: stop it, or choose another --socket`,
  });
}
