/**
 * What a call of a route takes and gives, by the route's line: method and path as its record has
 * them, `GET /v1/status`. All of it follows from the record.
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

export type Line = keyof RoutesByLine;

type LineThatAnswers<Kind> = {
  [L in Line]: KindOf<RoutesByLine[L]> extends Kind ? L : never;
}[Line];

/** Lines of the routes that take bytes. They answer JSON. */
export type UploadLine = {
  [L in Line]: FieldOf<RoutesByLine[L], 'body'> extends Content ? L : never;
}[Line];
/** Lines of the routes that answer JSON, or nothing, to JSON. */
export type JsonLine = Exclude<LineThatAnswers<'json'>, UploadLine>;
/** Lines of the routes that answer server-sent events. */
export type EventsLine = LineThatAnswers<'events'>;
/** Lines of the routes that answer other bytes. */
export type BytesLine = LineThatAnswers<'bytes'>;

/** What a route answers; of a stream of events, one of them. */
export type AnswerAt<L extends Line> = AnswerOf<RoutesByLine[L]>;

/** What a route is asked with: `params`, `query` and `body`, where it takes them. */
export type AskedAt<L extends Line> = ParamsAsked<RoutesByLine[L]> &
  QueryAsked<RoutesByLine[L]> &
  BodyAsked<RoutesByLine[L]> & {
    /** Gives the call up. */
    readonly signal?: AbortSignal | undefined;
  };

/** As a rest parameter: it may be left out where nothing is needed. */
export type Arguments<L extends Line> =
  object extends AskedAt<L> ? [asked?: AskedAt<L>] : [asked: AskedAt<L>];

/**
 * Bytes to store: at hand, or to come from somewhere, however many unless `length` says. Of chunks
 * each is sent before the next is asked for: one buffer may serve for all.
 */
export type Source =
  | Uint8Array
  | { readonly length?: number; readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> };

type ParamsAsked<R extends Route> =
  FieldOf<R, 'params'> extends undefined ? object : { readonly params: ParamsOf<R> };

type QueryAsked<R extends Route> =
  FieldOf<R, 'query'> extends undefined
    ? object
    : object extends QueryOf<R>
      ? { readonly query?: QueryOf<R> }
      : { readonly query: QueryOf<R> };

/** Bytes are no part of it: they are uploaded, as what of the media types it takes may be said. */
type BodyAsked<R extends Route> =
  FieldOf<R, 'body'> extends Content
    ? { readonly contentType?: keyof FieldOf<R, 'body'>['content'] & string }
    : FieldOf<R, 'body'> extends undefined
      ? object
      : FieldOf<R, 'body'> extends TOptional<TSchema>
        ? { readonly body?: BodyOf<R> }
        : { readonly body: BodyOf<R> };
