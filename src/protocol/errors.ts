/** Which errno names the API answers with, and the HTTP status that each has. */
import type { Errno } from '../errors.js';

export const HTTP_STATUS = {
  ENOENT: 404,
  EEXIST: 409,
  EINVAL: 400,
  EFAULT: 400,
  EBUSY: 409,
  /** It may go through later, when memory is another. */
  EAGAIN: 409,
  /** Over TCP, which is for looking only. */
  EACCES: 403,
  E2BIG: 413,
  /** A body that did not move. */
  ETIMEDOUT: 408,
  ENOSPC: 507,
  ENOMEM: 507,
  /** Of a host that holds fingerprints of pages: what needs their bytes. */
  ENOTSUP: 501,
  /** The daemon is stopping. */
  EINTR: 503,
  /** A fault of the daemon's own. */
  EIO: 500,
} as const satisfies Partial<Record<Errno, number>>;

export type ErrorCode = keyof typeof HTTP_STATUS;

/** Whether the API has an answer for that errno. */
export function isAnswered(code: Errno): code is ErrorCode {
  return Object.hasOwn(HTTP_STATUS, code);
}
