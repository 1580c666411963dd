/**
 * How a refusal looks on the wire: `{"error": {"code", "message"}}` with an errno name.
 *
 * `bytesStored` stands beside `error` where an upload failed after part of it was stored.
 */
import { type Static, Type } from 'typebox';

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
