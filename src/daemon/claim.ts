/**
 * A place in the file system that one process has at a time, until it gives it back or dies.
 *
 * Node has no file locks. What it has is rename(2), which puts a directory in the place of another
 * only if that one is empty, and Unix sockets, which refuse connections from the moment their
 * process is dead. So a claim is a directory, PLACE.claim, with a socket in it that its process
 * listens on. It is made under another name, PLACE.claim.XXXXXX, and renamed once it is complete.
 *
 * Why one has it, at most:
 * - The directory of whoever has it is never empty, so no rename replaces it.
 * - It is emptied only after its sockets have refused. They were listened on before they came
 *   there, so their process is dead, and stays so.
 * - What is removed then are those sockets, by names that nobody has twice. Who comes late with it,
 *   and meets the directory of a next one, removes nothing.
 *
 * A process that dies before the rename leaves a directory that stands in nobody's way. The next to
 * get the place removes it. One that dies afterwards leaves a claim that refuses. One that dies as
 * it gives the place back may leave an empty directory, which the next rename replaces. A process
 * that is stopped (SIGSTOP) keeps the place: the kernel takes connections for it.
 *
 * That holds across containers that share a directory, for neither process numbers nor networks
 * come into it. It does not hold across machines: a socket on a network file system refuses whoever
 * comes from another one.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { answers } from './answers.js';

/** What the names of a place's claims begin with. */
export function claimName(place: string): string {
  return `${place}.claim`;
}

export class Claim {
  private readonly name = randomUUID();
  private readonly server: Server = createServer((connection) => connection.destroy()).unref();

  private constructor(
    private directory: string,
    private readonly fd: number,
  ) {}

  /** Undefined if a living process has the place. Throws what the file system does. */
  static async take(place: string): Promise<Claim | undefined> {
    for (;;) {
      const claim = await Claim.prepare(place);
      if (claim === undefined) continue;
      const outcome = await claim.moveTo(claimName(place)).catch((error: unknown) => {
        claim.release();
        throw error;
      });
      if (outcome === 'ours') {
        await removeUnfinished(place);
        return claim;
      }
      claim.release();
      if (outcome === 'held') return undefined;
    }
  }

  /** A path for a socket of the holder's own: nobody has it twice, and it is never too long. */
  socketName(): string {
    return this.inside(randomUUID());
  }

  release(): void {
    rmSync(join(this.directory, this.name), { force: true });
    removeIfEmpty(this.directory);
    this.server.close();
    closeSync(this.fd);
  }

  /** Undefined if somebody has taken it for what a dead process left. */
  private static async prepare(place: string): Promise<Claim | undefined> {
    const directory = mkdtempSync(`${claimName(place)}.`);
    let claim: Claim | undefined;
    try {
      claim = new Claim(directory, openSync(directory, 'r'));
      await once(claim.server.listen(claim.inside(claim.name)), 'listening');
      return claim;
    } catch (error) {
      // Node's own name for the error of a socket without a directory is EACCES.
      const isThere = existsSync(directory);
      if (claim === undefined) removeIfEmpty(directory);
      else claim.release();
      if (!isThere) return undefined;
      throw error;
    }
  }

  private async moveTo(directory: string): Promise<'ours' | 'held' | 'lost'> {
    for (;;) {
      try {
        renameSync(this.directory, directory);
        this.directory = directory;
        // Before the rename it may have been taken for what a dead process left. From now on
        // nobody looks for it where it was.
        return existsSync(join(directory, this.name)) ? 'ours' : 'lost';
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return 'lost';
        if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
      }
      if (await isHeld(directory)) return 'held';
    }
  }

  private inside(name: string): string {
    return inside(this.fd, name);
  }
}

/** What somebody has put into it stays. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {}
}

/** Whether its process lives. If not, it is emptied. */
async function isHeld(directory: string): Promise<boolean> {
  let names: string[];
  try {
    const fd = openSync(directory, 'r');
    try {
      names = readdirSync(`/proc/self/fd/${fd}`);
      for (const name of names) if (await answers(inside(fd, name))) return true;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  for (const name of names) rmSync(join(directory, name), { force: true });
  return false;
}

/** What processes left that died before they got the place, or could. */
async function removeUnfinished(place: string): Promise<void> {
  const directory = dirname(place);
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`${claimName(basename(place))}.`)) continue;
    const unfinished = join(directory, name);
    if (!(await isHeld(unfinished))) removeIfEmpty(unfinished);
  }
}

/** By way of the open directory no path is too long for a socket. */
function inside(fd: number, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
