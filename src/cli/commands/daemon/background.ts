/**
 * `ksmd start --background`: the same command without that option, in a process and a session of
 * its own. Ends when the daemon listens, or as it does if it does not come to that: with its exit
 * status and what it had to say. Nothing of the terminal's, or of a pipe's, is left to the daemon.
 */
import { fork } from 'node:child_process';
import { KsmdError } from '../../../errors.js';
import type { Action } from '../../verb.js';

export const action: Action<[], object> = async () => {
  const [program = '', ...args] = process.argv.slice(1);
  const daemon = fork(
    program,
    args.filter((each) => each !== '--background'),
    { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  daemon.stderr?.pipe(process.stderr);
  const interrupt = (): void => {
    daemon.kill('SIGTERM');
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const exitStatus = await new Promise<number | undefined>((resolve, reject) => {
    daemon.once('message', () => resolve(undefined));
    daemon.once('close', (status) => resolve(status ?? 0));
    daemon.once('error', reject);
  });
  if (exitStatus === 0)
    throw new KsmdError('EINTR', 'the daemon was ended before it listened: start it once more');
  if (exitStatus !== undefined) return exitStatus;
  daemon.disconnect();
  daemon.stderr?.destroy();
  daemon.unref();
  return undefined;
};
