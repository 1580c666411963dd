/**
 * The OpenAPI document: every route as its record says it, in a form that programs which make
 * clients can read.
 */
import type { TSchema } from 'typebox';
import { ErrorAnswer } from '../../src/protocol/error-answer.js';
import { type Content, isContent, type Route } from '../../src/protocol/route.js';
import { ROUTES } from '../../src/protocol/routes.js';
import { VERSION } from '../../src/version.js';
import { components, schemaObject } from './schema-object.js';
import { TAGS } from './tags.js';

/** Of an object whose properties are parameters. */
interface ParametersSchema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
  readonly required?: readonly string[];
}

const OVER = {
  tcp: 'Answered over TCP too.',
  socket: 'Over the Unix socket only.',
};

export function openApi(): object {
  const tagged = TAGS.flatMap(({ routes }) => Object.keys(routes));
  for (const name of Object.keys(ROUTES))
    if (!tagged.includes(name)) throw new Error(`the route ${name} has no tag: see tags.ts`);
  const paths: Record<string, Record<string, object>> = {};
  for (const { name: tag, routes } of TAGS)
    for (const [operationId, record] of Object.entries(routes)) {
      const path = record.path.replace(/:(\w+)/g, '{$1}').replace('*', '{file}');
      paths[path] ??= {};
      paths[path][record.method.toLowerCase()] = { operationId, tags: [tag], ...operation(record) };
    }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ksmd',
      version: VERSION,
      description: 'Kernel Samepage Merging in a simulated machine.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      {
        url: 'http://localhost',
        description: 'the daemon’s Unix socket, whatever host is said; with --http that address',
      },
    ],
    tags: TAGS.map(({ name, description }) => ({ name, description })),
    paths,
    components: { schemas: components() },
  };
}

function operation({ summary, description, overTcp, params, query, body, answers }: Route): object {
  return {
    summary,
    description: [
      ...(description === undefined ? [] : [description]),
      OVER[overTcp ? 'tcp' : 'socket'],
    ].join(' '),
    parameters: [...parameters('path', params), ...parameters('query', query)],
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, response(answer, summary)]),
      ),
      default: {
        description: 'refused: an errno name, and a sentence that says why',
        content: json(ErrorAnswer),
      },
    },
  };
}

function parameters(place: 'path' | 'query', schema: ParametersSchema | undefined): object[] {
  return Object.entries(schema?.properties ?? {}).map(([name, { description, ...each }]) => ({
    name: name === '*' ? 'file' : name,
    in: place,
    required: schema?.required?.includes(name) ?? false,
    description,
    schema: schemaObject(each),
  }));
}

/** One with a default may be left out. */
function requestBody(body: TSchema | Content): object {
  return isContent(body)
    ? { required: true, ...media(body) }
    : { required: !('default' in body), content: json(body) };
}

function response(answer: TSchema | Content, summary: string): object {
  if (isContent(answer)) return { description: summary, ...media(answer) };
  if ('type' in answer && answer.type === 'null') return { description: 'done' };
  return { description: summary, content: json(answer) };
}

function media({ description, content }: Content): object {
  return {
    ...(description === undefined ? {} : { description }),
    content: Object.fromEntries(
      Object.entries(content).map(([type, { schema }]) => [type, { schema: schemaObject(schema) }]),
    ),
  };
}

function json(schema: TSchema): object {
  return { 'application/json': { schema: schemaObject(schema) } };
}
