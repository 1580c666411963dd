/** What is done for one who asks, and for nobody else, ends when he has gone. */
import { finished } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Aborted once the answer is sent, or when whoever asked has gone: also if that was before. */
export function untilClosed({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  finished(raw, () => gone.abort());
  return gone.signal;
}
