/**
 * Routes as fastify takes them: all that it needs to know is in a route's record, and what is left
 * to write is a handler, typed by that record. What GET answers HEAD answers too, without the body.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ErrorAnswer } from '../../protocol/error-answer.js';
import {
  type AnswerOf,
  type BodyOf,
  isContent,
  type KindOf,
  type ParamsOf,
  type QueryOf,
  type Route,
  type Routes,
} from '../../protocol/route.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent where nothing is at the URL. */
    readonly record?: Route;
  }
}

/** An answer that has been rendered as JSON elsewhere and is sent as it is. */
export class RenderedJson {
  constructor(readonly text: string) {}
}

interface RequestParts<R extends Route> {
  Params: ParamsOf<R>;
  Querystring: QueryOf<R>;
  /** That of an upload a handler takes from the request itself. */
  Body: BodyOf<R>;
}

type Answered<R extends Route> =
  KindOf<R> extends 'json' ? AnswerOf<R> | RenderedJson : Readable | Buffer | string;

/** Status, and the content type where there is but one, are the record's. */
export type Handler<R extends Route> = (
  request: FastifyRequest<RequestParts<R>>,
  reply: FastifyReply,
) => Answered<R> | Promise<Answered<R>>;

export type Handlers<Table extends Routes> = {
  readonly [Name in keyof Table]: Handler<Table[Name]>;
};

export function registerRoutes<Table extends Routes>(
  api: FastifyInstance,
  table: Table,
  handlers: Handlers<Table>,
): void {
  for (const name in table) registerRoute(api, table[name], handlers[name]);
}

function registerRoute<R extends Route>(
  api: FastifyInstance,
  record: R,
  handler: Handler<R>,
): void {
  const { method, path, body } = record;
  const [status, contentType] = success(record);
  const register = (scope: FastifyInstance): void => {
    scope.route<RequestParts<R>>({
      method: method === 'GET' ? ['GET', 'HEAD'] : method,
      url: path,
      schema: schemaOf(record),
      config: { record },
      preValidation: body !== undefined && 'default' in body ? fillInBody : [],
      handler: async (request, reply) => {
        reply.code(status);
        if (contentType !== undefined) reply.header('content-type', contentType);
        const isHead = request.method === 'HEAD';
        if (isHead && record.begins === true) return reply.send();
        const answer = await handler(request, reply);
        if (isHead && answer instanceof Readable) {
          answer.destroy();
          return reply.send();
        }
        if (!(answer instanceof RenderedJson)) return answer;
        reply.type('application/json');
        return answer.text;
      },
    });
  };
  if (!isContent(body)) register(api);
  else
    void api.register(async (scope) => {
      leaveBody(scope);
      register(scope);
    });
}

/** The record as fastify reads it. */
function schemaOf({ params, query, body, answers }: Route) {
  return {
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined || isContent(body) ? {} : { body }),
    response: { ...answers, default: ErrorAnswer },
  };
}

/** Status of a success, and its content type if that is no JSON and no other is possible. */
function success({ answers }: Route): [status: number, contentType: string | undefined] {
  const [[status, answer]] = Object.entries(answers);
  const types = isContent(answer) ? Object.keys(answer.content) : [];
  return [Number(status), types.length === 1 && types[0] !== '*/*' ? types[0] : undefined];
}

/** A body left out is an empty one. */
async function fillInBody(request: { body: unknown }): Promise<void> {
  request.body ??= {};
}

/** Whatever it says it is, the body is taken from the socket by the handler. */
function leaveBody(api: FastifyInstance): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', (_request, _payload, done) => done(null));
}
