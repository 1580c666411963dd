/**
 * Requests that never became whole: they are answered on the bare socket. The answer to an upload
 * says how much was stored.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Context } from './context.js';
import { type Refusal, refusal } from './refusals.js';
import type { Uploads } from './uploads.js';

/**
 * A request that is no HTTP, or whose body ends before its announced end, or whose head does not
 * come to one.
 */
export function answerBrokenRequest(
  { drops, uploads }: Pick<Context, 'drops' | 'uploads'>,
  headerTimeoutMs: number,
  error: NodeJS.ErrnoException,
  socket: Socket,
): void {
  const stored = uploads.bytesStored(socket);
  if (error.code === 'ECONNRESET') socket.destroy();
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const message = `no whole request came within ${headerTimeoutMs} ms (--header-timeout-ms)`;
    drops.tell(message, { bytes: socket.bytesRead });
    answer(socket, refusal('ETIMEDOUT', message));
  } else if (stored === undefined)
    answer(socket, refusal('EINVAL', `no complete HTTP request: ${error.message}`));
  else
    answer(
      socket,
      refusal('EINVAL', `the body was cut short: ${stored} bytes were stored`, stored),
    );
}

/** A body that has not moved for as long as it may. */
export function answerStalledBody(uploads: Uploads, timeoutMs: number, socket: Socket): void {
  const stored = uploads.bytesStored(socket);
  const message = `the body did not move for ${timeoutMs} ms (--body-timeout-ms)`;
  if (stored === undefined) answer(socket, refusal('ETIMEDOUT', message));
  else answer(socket, refusal('ETIMEDOUT', `${message}: ${stored} bytes were stored`, stored));
}

/** The last thing the connection hears. */
function answer(socket: Socket, refused: Refusal): void {
  // One that is gone, or in the middle of an answer, can take none; after one that is out, none is
  // expected.
  const { _httpMessage: answering } = socket as Socket & {
    _httpMessage?: ServerResponse<IncomingMessage> | null;
  };
  if (!socket.writable || answering?.headersSent) socket.destroy();
  else socket.end(rawAnswer(refused), () => socket.destroy());
}

function rawAnswer({ httpStatus, answer }: Refusal): string {
  const body = JSON.stringify(answer);
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
