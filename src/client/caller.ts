/**
 * Any route, called by its line: method and path as its record has them, `GET /v1/status`. What a
 * call takes and gives is typed by that record.
 *
 * No schema is loaded and no answer held against one: a daemon of this version is taken at its
 * word. Every call rejects with a KsmdError: what the daemon refused, that there is none, or that
 * the connection broke.
 */
import type { TOptional, TSchema } from 'typebox';
import type {
  AnswerOf,
  BodyOf,
  Content,
  FieldOf,
  KindOf,
  ParamsOf,
  QueryOf,
  Route,
} from '../protocol/route.js';
import type { RoutesByLine } from '../protocol/routes.js';
import { lines, serverSentEvents, wholeText } from './lines.js';
import { Octets } from './octets.js';
import { type Body, chunks, Transport } from './transport.js';

/** The lines of the routes that answer JSON or nothing, events, or other bytes. */
type LineOf<Kind> = {
  [Line in keyof RoutesByLine]: KindOf<RoutesByLine[Line]> extends Kind ? Line : never;
}[keyof RoutesByLine];
export type JsonLine = LineOf<'json'>;
export type EventsLine = LineOf<'events'>;
export type BytesLine = LineOf<'bytes'>;

/** What the route of a line answers; of a stream of events, one of them. */
export type AnswerAt<Line extends keyof RoutesByLine> = AnswerOf<RoutesByLine[Line]>;

/** What the route of a line is asked with: `params`, `query` and `body`, where it takes them. */
export type AskedAt<Line extends keyof RoutesByLine> = AskedOf<RoutesByLine[Line]>;

type AskedOf<R extends Route> = (FieldOf<R, 'params'> extends undefined
  ? object
  : { readonly params: ParamsOf<R> }) &
  (FieldOf<R, 'query'> extends undefined
    ? object
    : object extends QueryOf<R>
      ? { readonly query?: QueryOf<R> }
      : { readonly query: QueryOf<R> }) &
  (FieldOf<R, 'body'> extends undefined
    ? object
    : FieldOf<R, 'body'> extends Content
      ? { readonly body: Octets }
      : FieldOf<R, 'body'> extends TOptional<TSchema>
        ? { readonly body?: BodyOf<R> }
        : { readonly body: BodyOf<R> }) & {
    /** Gives the call up. */
    readonly signal?: AbortSignal | undefined;
  };

/** May be left out where nothing is needed. */
type Arguments<Line extends keyof RoutesByLine> =
  object extends AskedAt<Line> ? [asked?: AskedAt<Line>] : [asked: AskedAt<Line>];

/** The same, whatever the route. */
interface Asked {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
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
  async call(line: string, asked: Asked = {}): Promise<unknown> {
    const text = await wholeText(chunks(await this.send(line, asked)));
    return text === '' ? null : JSON.parse(text);
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
  async *listen(line: string, asked: Asked = {}): AsyncGenerator<unknown, void, undefined> {
    yield* serverSentEvents(lines(chunks(await this.send(line, asked))));
  }

  /** Closes its connections, also those of calls under way. */
  close(): void {
    this.transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  private send(line: string, { params = {}, query, body, signal }: Asked = {}) {
    const [method = '', path = ''] = line.split(' ');
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const url = filledIn(path, params) + search;
    return this.transport.open(method, url, body === undefined ? undefined : sent(body), signal);
  }
}

/** The path with its parameters in their places; `*` is a path itself. */
function filledIn(path: string, params: Readonly<Record<string, string>>): string {
  return path
    .replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
    .replace('*', () => (params['*'] ?? '').split('/').map(encodeURIComponent).join('/'));
}

function sent(body: unknown): Body {
  if (body instanceof Octets) return { contentType: 'application/octet-stream', ...body };
  const bytes = Buffer.from(JSON.stringify(body));
  return { contentType: 'application/json', length: bytes.length, chunks: [bytes] };
}
