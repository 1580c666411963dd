/**
 * What ends the daemon: one error, whose exit status is that of its condition.
 *
 * README lists them from FATAL. Exit status 1 is any other failure of a command, 2 a wrong command
 * line.
 */
import { KsmdError } from '../errors.js';

export interface FatalCondition {
  readonly exitStatus: number;
  readonly meaning: string;
}

export const FATAL = {
  MemoryRefused: { exitStatus: 10, meaning: 'the memory asked for cannot be had' },
  SocketPathUnusable: {
    exitStatus: 11,
    meaning: 'the socket path is too long, or its directory cannot be made or trusted',
  },
  SocketInUse: { exitStatus: 12, meaning: 'another daemon listens on the socket' },
  SocketPathTaken: {
    exitStatus: 13,
    meaning: 'there is something at the socket path that is no socket',
  },
  ListenFailed: { exitStatus: 14, meaning: 'the operating system refuses to listen on the socket' },
  LogFileUnusable: { exitStatus: 15, meaning: 'the log file cannot be written' },
  ScannerLost: { exitStatus: 16, meaning: 'the scanner died and could not be started again' },
  RestoreRefused: { exitStatus: 17, meaning: 'the snapshot does not fit the host' },
  SysfsUnusable: {
    exitStatus: 18,
    meaning: "the --sysfs directory cannot be used as asked, or is not ksmd's alone",
  },
  LimitTooLow: {
    exitStatus: 19,
    meaning: 'a limit of the process (ulimit) leaves too little',
  },
  InternalFault: { exitStatus: 70, meaning: 'a fault in ksmd itself' },
} as const satisfies Record<string, FatalCondition>;

export class FatalError extends KsmdError {
  override readonly name = 'FatalError';
  readonly exitStatus: number;

  /** `cause`: what went wrong, as an errno and a sentence. */
  constructor(
    condition: keyof typeof FATAL,
    { code, message }: Pick<KsmdError, 'code' | 'message'>,
  ) {
    super(code, message);
    this.exitStatus = FATAL[condition].exitStatus;
  }
}
