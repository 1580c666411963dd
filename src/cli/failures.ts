/**
 * How a verb fails: one line on standard error that begins with the errno name, and an exit status.
 */

import { ClientError, NoDaemonError } from '../client/errors.js';
import { socketPath } from '../protocol/socket-path.js';

export const FAILED = 1;
export const WRONG_COMMAND_LINE = 2;

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something on this side of the socket is not as it has to be. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Failure {
  readonly exitStatus: number;
  readonly line: string;
}

export function failureOf(error: unknown, hints: Readonly<Record<string, string>>): Failure {
  if (error instanceof UsageError) return { exitStatus: WRONG_COMMAND_LINE, line: error.message };
  if (error instanceof NoDaemonError) {
    const start =
      error.socketPath === socketPath(undefined)
        ? 'ksmd start'
        : `ksmd start --socket ${error.socketPath}`;
    const next =
      error.code === 'EACCES'
        ? 'ask its owner, or choose another with --socket'
        : `start one with '${start}'`;
    return { exitStatus: FAILED, line: `${error.code}: ${error.message}: ${next}` };
  }
  if (error instanceof ClientError || error instanceof LocalError) {
    const hint = hints[error.code];
    return {
      exitStatus: FAILED,
      line: `${error.code}: ${error.message}${hint === undefined ? '' : ` (${hint})`}`,
    };
  }
  // The operating system's own: the message begins with the errno name.
  if (error instanceof Error && 'syscall' in error)
    return { exitStatus: FAILED, line: error.message };
  return {
    exitStatus: FAILED,
    line: `EIO: a fault in ksmd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  };
}
