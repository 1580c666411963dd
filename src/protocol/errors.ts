/**
 * How a refusal looks on the wire: `{"error": {"code", "message"}}` with an errno name, and the
 * HTTP status each errno has.
 *
 * `bytesStored` stands beside `error` where an upload failed after part of it was stored.
 */
import { type Static, Type } from 'typebox';
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

export const ErrorAnswer = Type.Object({
  error: Type.Object({
    code: Type.String({ description: 'an errno name' }),
    message: Type.String(),
  }),
  bytesStored: Type.Optional(
    Type.Integer({ description: 'bytes of an upload that were stored before it failed' }),
  ),
});
export type ErrorAnswer = Static<typeof ErrorAnswer>;
