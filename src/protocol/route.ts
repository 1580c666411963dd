/**
 * What the record of a route says, and the types that follow from it: what a request carries and
 * what the answer is, for the server that serves the route and the client that calls it.
 *
 * No schema is needed here: whoever calls a route loads none.
 */
import type { Static, TSchema } from 'typebox';

export interface Route {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** Parameters as `:name`; `*` for all that is left of a path. */
  readonly path: string;
  readonly summary: string;
  /** What else whoever calls it should know, in sentences. */
  readonly description?: string;
  /** Whether it may be asked over TCP: it changes nothing and gives out no byte of a guest. */
  readonly overTcp: boolean;
  /** Whether it is answered also while the scanner is being restarted. */
  readonly duringRestart: boolean;
  /**
   * Asking begins what is to be read to its end, a stream or a snapshot: HEAD is answered without.
   */
  readonly begins?: true;
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** Optional where it may be left out. */
  readonly body?: TSchema | Content;
  /** What it answers, by the one HTTP status of success. Any other comes with an ErrorAnswer. */
  readonly answers: Readonly<Record<number, TSchema | Content>>;
}

/** Records by the name of what they do. */
export type Routes = Readonly<Record<string, Route>>;

/** Anything but JSON, by media type. The schema's type is what it carries, piece by piece. */
export interface Content {
  readonly description?: string;
  readonly content: Readonly<Record<string, { readonly schema: TSchema }>>;
}

export function isContent(schema: object | undefined): schema is Content {
  return schema !== undefined && 'content' in schema;
}

export type ParamsOf<R extends Route> = TypeOf<FieldOf<R, 'params'>>;
export type QueryOf<R extends Route> = TypeOf<FieldOf<R, 'query'>>;
export type BodyOf<R extends Route> = TypeOf<FieldOf<R, 'body'>>;
export type AnswerOf<R extends Route> = TypeOf<AnswerSchemaOf<R>>;

/** How a route answers: JSON or nothing, server-sent events, or other bytes. */
export type KindOf<R extends Route> =
  AnswerSchemaOf<R> extends { readonly content: infer Media }
    ? Media extends { readonly 'text/event-stream': unknown }
      ? 'events'
      : 'bytes'
    : 'json';

/** What a record says under a name; undefined where it says nothing. */
export type FieldOf<R extends Route, Name extends keyof Route> = R extends {
  readonly [Each in Name]: infer Field;
}
  ? Field
  : undefined;

type AnswerSchemaOf<R extends Route> = R['answers'][keyof R['answers']];

type TypeOf<Schema> = Schema extends {
  readonly content: Readonly<Record<string, { readonly schema: infer Piece extends TSchema }>>;
}
  ? Static<Piece>
  : Schema extends TSchema
    ? Static<Schema>
    : undefined;
