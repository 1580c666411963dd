/**
 * How a verb fails: one line on standard error that begins with the errno name, and an exit status.
 */
import { CommanderError } from 'commander';
import { KsmdError, traced } from '../errors.js';
import { socketPath } from '../protocol/socket-path.js';

export const FAILED = 1;
export const WRONG_COMMAND_LINE = 2;

export interface Failure {
  readonly exitStatus: number;
  readonly line: string;
}

export function failureOf(error: unknown, hints: Readonly<Record<string, string>>): Failure {
  if (error instanceof CommanderError)
    return { exitStatus: WRONG_COMMAND_LINE, line: error.message };
  if (error instanceof KsmdError) {
    const next = nextStep(error, hints);
    return { exitStatus: FAILED, line: `${error.line}${next}` };
  }
  // The operating system's own: the message begins with the errno name.
  if (error instanceof Error && 'syscall' in error)
    return { exitStatus: FAILED, line: error.message };
  return { exitStatus: FAILED, line: `EIO: a fault in ksmd: ${traced(error)}` };
}

function nextStep(
  { code, message, details: { socketPath: path } }: KsmdError,
  hints: Readonly<Record<string, string>>,
): string {
  // What was probably meant says enough.
  if (path === undefined)
    return hints[code] === undefined || message.endsWith('?)') ? '' : ` (${hints[code]})`;
  if (code === 'EACCES') return ': ask its owner, or choose another with --socket';
  const start = path === socketPath(undefined) ? 'ksmd start' : `ksmd start --socket ${path}`;
  return `: start one with '${start}'`;
}
