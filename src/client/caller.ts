/**
 * Any route, called by its line: method and path as its record has them, `GET /v1/status`.
 *
 * No schema is loaded and no answer held against one: a daemon of this version is taken at its
 * word. Every call rejects with a KsmdError: what the daemon refused, that there is none, or that
 * the connection broke.
 */
import type { IncomingMessage } from 'node:http';
import type {
  AnswerAt,
  Arguments,
  BytesLine,
  EventsLine,
  JsonLine,
  Source,
  UploadLine,
} from './asked.js';
import { lines, serverSentEvents, wholeText } from './lines.js';
import { type Body, chunks, Transport } from './transport.js';

/** What is asked, whatever the route. */
interface Asked {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Caller implements AsyncDisposable {
  private readonly transport: Transport;

  /** Connects as it calls, not before. */
  constructor(readonly socketPath: string) {
    this.transport = new Transport(socketPath);
  }

  /** The whole answer; null where there is nothing to say. */
  call<Line extends JsonLine>(line: Line, ...asked: Arguments<Line>): Promise<AnswerAt<Line>>;
  async call(line: string, asked: Asked & { readonly body?: unknown } = {}): Promise<unknown> {
    const { body } = asked;
    return json(await this.send(line, asked, body === undefined ? undefined : jsonBody(body)));
  }

  /** The same of a route that takes bytes: those of `source`, octets unless said. */
  upload<Line extends UploadLine>(
    line: Line,
    source: Source,
    ...asked: Arguments<Line>
  ): Promise<AnswerAt<Line>>;
  async upload(
    line: string,
    source: Source,
    asked: Asked & { readonly contentType?: string } = {},
  ): Promise<unknown> {
    return json(await this.send(line, asked, bytesBody(source, asked.contentType)));
  }

  /** The answer's bytes as they come, and how many there will be where that is known. */
  async open<Line extends BytesLine>(
    line: Line,
    ...[asked]: Arguments<Line>
  ): Promise<{ readonly length: number | undefined; readonly chunks: AsyncIterable<Uint8Array> }> {
    const answer = await this.send(line, asked);
    const length = answer.headers['content-length'];
    return { length: length === undefined ? undefined : Number(length), chunks: chunks(answer) };
  }

  /** The answer's bytes as text, once it is whole. */
  async text<Line extends BytesLine>(line: Line, ...asked: Arguments<Line>): Promise<string> {
    const { chunks: bytes } = await this.open(line, ...asked);
    return wholeText(bytes);
  }

  /** Events as they come, as long as the caller goes on or until `signal` says stop. */
  listen<Line extends EventsLine>(
    line: Line,
    ...asked: Arguments<Line>
  ): AsyncGenerator<AnswerAt<Line>, void, undefined>;
  async *listen(line: string, asked?: Asked): AsyncGenerator<unknown, void, undefined> {
    yield* serverSentEvents(lines(chunks(await this.send(line, asked))));
  }

  /** Closes its connections, also those of calls under way. */
  close(): void {
    this.transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  private send(
    line: string,
    { params = {}, query, signal }: Asked = {},
    body?: Body,
  ): Promise<IncomingMessage> {
    const [method = '', path = ''] = line.split(' ');
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    return this.transport.open(method, filledIn(path, params) + search, body, signal);
  }
}

/** The path with its parameters in their places; `*` is a path itself. */
function filledIn(path: string, params: Readonly<Record<string, string>>): string {
  return path
    .replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
    .replace('*', () => (params['*'] ?? '').split('/').map(encodeURIComponent).join('/'));
}

function jsonBody(value: unknown): Body {
  const bytes = Buffer.from(JSON.stringify(value));
  return { contentType: 'application/json', length: bytes.length, chunks: [bytes] };
}

function bytesBody(source: Source, contentType = 'application/octet-stream'): Body {
  if (source instanceof Uint8Array) return { contentType, length: source.length, chunks: [source] };
  return { contentType, length: source.length, chunks: source.chunks };
}

async function json(answer: IncomingMessage): Promise<unknown> {
  const text = await wholeText(chunks(answer));
  return text === '' ? null : JSON.parse(text);
}
