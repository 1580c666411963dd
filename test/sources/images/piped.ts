/** A pipe by name, into which a shell's command writes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Piped {
  readonly path: string;
  /** Resolves once the command has ended. */
  readonly ended: Promise<unknown>;
}

export function pipedFrom(path: string, command: string): Piped {
  execFileSync('mkfifo', [path]);
  return { path, ended: once(spawn('sh', ['-c', `${command} > ${path}`]), 'close') };
}
