/**
 * How anything in ksmd fails: one error, with the errno name a kernel would give and a sentence.
 *
 * The sentence may quote what came from elsewhere: it is made printable here, so that it can go
 * anywhere. Whoever throws one has changed nothing, except where `details` says how much was done.
 * What ends the daemon besides, and with which exit status, is src/daemon/fatal.ts.
 */
import { constants } from 'node:os';
import { printable } from './printable.js';

/** The operating system's own names: ENOENT, EINVAL, … */
export type Errno = Extract<keyof typeof constants.errno, `E${string}`>;

export interface ErrorDetails {
  /** Bytes of a store or an upload that were stored before it failed. */
  readonly bytesStored?: number;
  /** Where nobody listens. */
  readonly socketPath?: string;
}

export class KsmdError extends Error {
  override readonly name: string = 'KsmdError';

  constructor(
    readonly code: Errno,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(printable(message));
  }

  /** The line a command or the log fails with: the errno name first. */
  get line(): string {
    return `${this.code}: ${this.message}`;
  }
}

/** Whether it is ksmd's own error of that code. */
export function isKsmdError(error: unknown, code: Errno): error is KsmdError {
  return error instanceof KsmdError && error.code === code;
}

/**
 * A failure of the operating system's, or any other, as ksmd's: first `what` could not be done.
 * EIO where no errno is known.
 */
export function systemError(error: unknown, what: string): KsmdError {
  const { code, message } = error as NodeJS.ErrnoException;
  // Node's own message begins with the name already.
  const detail = code === undefined ? String(message ?? error) : message.replace(`${code}: `, '');
  return new KsmdError(errnoOf(code), `${what}: ${detail}`);
}

/** A fault as one line: what was thrown, and the calls that led there, the innermost first. */
export function traced(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split(/\n\s*/).join('; ');
}

/** The name, if it is one; otherwise EIO. */
export function errnoOf(name: string | undefined): Errno {
  return name !== undefined && Object.hasOwn(constants.errno, name) ? (name as Errno) : 'EIO';
}
