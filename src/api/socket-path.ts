/** Where daemon and clients meet unless told otherwise. */
import { userInfo } from 'node:os';

/** What the operating system can hold; a longer path would be cut short without a word. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** The path given, else KSMD_SOCKET, else the user's own default. */
export function socketPath(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  if (given !== undefined) return given;
  if (env.KSMD_SOCKET) return env.KSMD_SOCKET;
  if (env.XDG_RUNTIME_DIR) return `${env.XDG_RUNTIME_DIR}/ksmd/ksmd.sock`;
  const { uid } = userInfo();
  return uid === 0 ? '/run/ksmd/ksmd.sock' : `/tmp/ksmd-${uid}/ksmd.sock`;
}
