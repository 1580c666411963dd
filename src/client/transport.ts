/**
 * HTTP over the Unix socket: one request, its body streamed if it has one, and its answer.
 *
 * If an answer comes before the whole body is sent, the daemon has refused the rest: the sending
 * ends, and that is the answer.
 */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Errno, errnoOf, KsmdError } from '../errors.js';
import type { ErrorAnswer } from '../protocol/error-answer.js';
import { socketPathProblem } from '../protocol/socket-path.js';
import { wholeText } from './lines.js';

const NOBODY_THERE = ['ENOENT', 'ECONNREFUSED', 'EACCES', 'ENOTSOCK'];

export interface Body {
  readonly contentType: string;
  /** Bytes; absent if nobody knows before the end. */
  readonly length: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export class Transport {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(readonly socketPath: string) {}

  /** The answer's stream, once its head has come and says success. KsmdError otherwise. */
  async open(
    method: string,
    path: string,
    body?: Body,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const problem = socketPathProblem(this.socketPath);
    if (problem !== undefined) throw new KsmdError(problem.code, problem.message);
    const headers = {
      ...(body === undefined ? {} : { 'content-type': body.contentType }),
      ...(body?.length === undefined ? {} : { 'content-length': body.length }),
    };
    const outgoing = request({
      socketPath: this.socketPath,
      agent: this.agent,
      method,
      path,
      headers,
      ...(signal === undefined ? {} : { signal }),
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      // After the answer has come, that the rest of the body finds nobody is no failure.
      outgoing.on('error', (error) => reject(this.explain(error)));
    });
    if (body === undefined) outgoing.end();
    const [answer, sent] = await Promise.all([
      answered,
      body === undefined ? true : send(outgoing, body, answered),
    ]);
    if (answer.statusCode !== undefined && answer.statusCode < 300) return answer;
    const error = await refusal(answer);
    // With half a body in it the connection cannot serve another request.
    if (!sent) outgoing.destroy();
    throw error;
  }

  close(): void {
    this.agent.destroy();
  }

  private explain(error: NodeJS.ErrnoException): KsmdError {
    const { code = 'EIO', message } = error;
    return NOBODY_THERE.includes(code)
      ? nobodyListens(errnoOf(code), this.socketPath)
      : new KsmdError('ECONNRESET', `the daemon broke off: ${message}`);
  }
}

/**
 * Sends the body as fast as it is taken: the next chunk is asked for once the kernel has all of the
 * one before. True if it was all sent, false if an answer came before that.
 */
async function send(
  outgoing: ClientRequest,
  body: Body,
  answered: Promise<unknown>,
): Promise<boolean> {
  let over = false;
  let wake = (): void => {};
  const stop = (): void => {
    over = true;
    wake();
  };
  answered.then(stop, stop);
  let sent = 0;
  try {
    for await (const chunk of body.chunks) {
      if (over) return false;
      sent += chunk.length;
      await new Promise<void>((resolve) => {
        wake = resolve;
        outgoing.write(chunk, () => resolve());
      });
    }
    if (over && sent !== body.length) return false;
    if (body.length !== undefined && sent < body.length)
      throw new KsmdError('EIO', `the source ended after ${sent} of ${body.length} bytes`);
  } catch (error) {
    outgoing.destroy();
    throw error;
  }
  outgoing.end();
  return true;
}

async function refusal(answer: IncomingMessage): Promise<KsmdError> {
  const text = await wholeText(chunks(answer));
  try {
    const { error, bytesStored }: ErrorAnswer = JSON.parse(text);
    return new KsmdError(
      errnoOf(error.code),
      error.message,
      bytesStored === undefined ? {} : { bytesStored },
    );
  } catch {
    return new KsmdError(
      'EIO',
      `an answer that is none of ksmd's: HTTP status ${answer.statusCode}`,
    );
  }
}

function nobodyListens(code: Errno, socketPath: string): KsmdError {
  const sentence =
    code === 'EACCES'
      ? `the socket ${socketPath} belongs to another user`
      : `no daemon listens on ${socketPath}`;
  return new KsmdError(code, sentence, { socketPath });
}

/** What an answer holds, as it comes. ECONNRESET if it ends before its end. */
export async function* chunks(
  answer: IncomingMessage,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of answer) yield chunk;
  } catch (error) {
    throw new KsmdError(
      'ECONNRESET',
      `the daemon broke off: ${error instanceof Error ? error.message : error}`,
    );
  }
}
