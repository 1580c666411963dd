/** Where daemon and clients meet unless told otherwise, and which paths cannot be a socket's. */
import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Errno } from '../errors.js';

/** What the operating system can hold; a longer path would be cut short without a word. */
const MAX_SOCKET_PATH_BYTES = 107;

export interface SocketPathProblem {
  readonly code: Errno;
  readonly message: string;
}

/** The path given, else KSMD_SOCKET, else the user's own default. */
export function socketPath(
  given: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (given !== undefined) return given;
  if (env.KSMD_SOCKET) return env.KSMD_SOCKET;
  if (env.XDG_RUNTIME_DIR) return `${env.XDG_RUNTIME_DIR}/ksmd/ksmd.sock`;
  const uid = ownUid();
  return uid === 0 ? '/run/ksmd/ksmd.sock' : defaultInTmp(uid);
}

/**
 * Why no daemon and no client may use the path; undefined if they may, also where nothing is there
 * yet.
 */
export function socketPathProblem(path: string): SocketPathProblem | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    return {
      code: 'ENAMETOOLONG',
      message:
        `the socket path has ${bytes} bytes, of at most ${MAX_SOCKET_PATH_BYTES}: choose a ` +
        'shorter one',
    };
  }
  const uid = ownUid();
  return path === defaultInTmp(uid) ? directoryProblem(dirname(path), uid) : undefined;
}

/**
 * Anybody can make a directory in /tmp: one that another user made, or may change, would let him
 * answer in the daemon's place.
 */
export function directoryProblem(directory: string, uid: number): SocketPathProblem | undefined {
  const there = lstatSync(directory, { throwIfNoEntry: false });
  if (
    there === undefined ||
    (there.isDirectory() && there.uid === uid && (there.mode & 0o077) === 0)
  )
    return undefined;
  return {
    code: 'EACCES',
    message: `${directory} is not a directory of yours alone (mode 0700): choose another --socket`,
  };
}

/** Not by os.userInfo(), which fails for users that no passwd file lists, as in containers. */
function ownUid(): number {
  // Every Linux has it.
  return process.geteuid?.() ?? 0;
}

function defaultInTmp(uid: number): string {
  return `/tmp/ksmd-${uid}/ksmd.sock`;
}
