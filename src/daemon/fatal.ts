/**
 * What ends the daemon: one class a condition, each with its own exit status.
 *
 * README lists them from FATAL. Exit status 1 is any other failure of a command, 2 a wrong command
 * line.
 */

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
    meaning: "the --sysfs directory cannot be written, or is not ksmd's alone",
  },
  InternalFault: { exitStatus: 70, meaning: 'a fault in ksmd itself' },
} as const satisfies Record<string, FatalCondition>;

export abstract class FatalError extends Error {
  abstract readonly exitStatus: number;
}

export class MemoryRefusedError extends FatalError {
  override readonly name = 'MemoryRefusedError';
  readonly exitStatus = FATAL.MemoryRefused.exitStatus;
}

export class SocketPathUnusableError extends FatalError {
  override readonly name = 'SocketPathUnusableError';
  readonly exitStatus = FATAL.SocketPathUnusable.exitStatus;
}

export class SocketInUseError extends FatalError {
  override readonly name = 'SocketInUseError';
  readonly exitStatus = FATAL.SocketInUse.exitStatus;
}

export class SocketPathTakenError extends FatalError {
  override readonly name = 'SocketPathTakenError';
  readonly exitStatus = FATAL.SocketPathTaken.exitStatus;
}

export class ListenFailedError extends FatalError {
  override readonly name = 'ListenFailedError';
  readonly exitStatus = FATAL.ListenFailed.exitStatus;
}

export class LogFileUnusableError extends FatalError {
  override readonly name = 'LogFileUnusableError';
  readonly exitStatus = FATAL.LogFileUnusable.exitStatus;
}

export class ScannerLostError extends FatalError {
  override readonly name = 'ScannerLostError';
  readonly exitStatus = FATAL.ScannerLost.exitStatus;
}

export class RestoreRefusedError extends FatalError {
  override readonly name = 'RestoreRefusedError';
  readonly exitStatus = FATAL.RestoreRefused.exitStatus;
}

export class SysfsUnusableError extends FatalError {
  override readonly name = 'SysfsUnusableError';
  readonly exitStatus = FATAL.SysfsUnusable.exitStatus;
}

export class InternalFaultError extends FatalError {
  override readonly name = 'InternalFaultError';
  readonly exitStatus = FATAL.InternalFault.exitStatus;
}
