/**
 * What can go wrong with a call, one class a condition, each with the errno name a kernel would
 * give.
 *
 * Whatever throws one of these has changed nothing, except OutOfMemoryError from a store, which
 * says how much it had stored.
 */
export type Errno = 'ENOENT' | 'EEXIST' | 'EINVAL' | 'EFAULT' | 'ENOMEM' | 'EBUSY' | 'ENOSPC';

export abstract class KsmdError extends Error {
  abstract readonly code: Errno;
}

/** There is no guest, region, tunable or kernel profile of that name. */
export class NotFoundError extends KsmdError {
  override readonly name = 'NotFoundError';
  readonly code = 'ENOENT';
}

/** The name is taken. */
export class ExistsError extends KsmdError {
  override readonly name = 'ExistsError';
  readonly code = 'EEXIST';
}

/**
 * A value the kernel would refuse, or an address or length that is unaligned, overlapping or out of
 * range.
 */
export class InvalidError extends KsmdError {
  override readonly name = 'InvalidError';
  readonly code = 'EINVAL';
}

/** An address that no region maps. */
export class FaultError extends KsmdError {
  override readonly name = 'FaultError';
  readonly code = 'EFAULT';
}

/** No frame is free. `bytesStored` of the store were done before the page that found none. */
export class OutOfMemoryError extends KsmdError {
  override readonly name = 'OutOfMemoryError';
  readonly code = 'ENOMEM';
  constructor(
    message: string,
    readonly bytesStored = 0,
  ) {
    super(message);
  }
}

/** The value cannot be changed now. */
export class BusyError extends KsmdError {
  override readonly name = 'BusyError';
  readonly code = 'EBUSY';
}

/** The tables have no room for another guest, region or registered page. */
export class NoSpaceError extends KsmdError {
  override readonly name = 'NoSpaceError';
  readonly code = 'ENOSPC';
}
