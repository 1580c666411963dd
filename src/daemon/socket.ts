/**
 * The socket's place in the file system: a place where the daemon may listen, or a FatalError that says why not.
 *
 * A socket that nobody listens on is taken over. Anything else that is there is left alone.
 */
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '../api/socket-path.js';
import { ListenFailedError, SocketInUseError, SocketPathTakenError, SocketPathUnusableError } from './fatal.js';

/** Makes the directory if there is none (mode 0700), removes a stale socket. */
export async function prepareSocketPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new SocketPathUnusableError(`ENAMETOOLONG: the socket path has ${bytes} bytes, of at most ${MAX_SOCKET_PATH_BYTES}: choose a shorter one`);
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SocketPathUnusableError(`cannot make the directory of ${path}: ${message(error)}`);
  }
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new SocketPathTakenError(`EEXIST: ${path} is no socket: choose another path, or move it away`);
  if (await answers(path)) throw new SocketInUseError(`EADDRINUSE: a daemon listens on ${path} already: stop it, or choose another --socket`);
  rmSync(path, { force: true });
}

/** Listens with mode 0600: `listen` must bind before it resolves. */
export async function listenPrivately(path: string, listen: () => Promise<unknown>): Promise<void> {
  const before = process.umask(0o177);
  try {
    await listen();
  } catch (error) {
    throw new ListenFailedError(`cannot listen on ${path}: ${message(error)}`);
  } finally {
    process.umask(before);
  }
}

/** Whether anybody listens. A connection that is refused means nobody; one that fails otherwise may be somebody. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
