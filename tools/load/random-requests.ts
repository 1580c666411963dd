/**
 * Requests that make no sense, or nearly: drawn with fast-check from the daemon's own OpenAPI
 * document, and raw bytes that are hardly HTTP.
 */
import fc from 'fast-check';

export type RandomRequest =
  | {
      readonly kind: 'http';
      readonly method: string;
      readonly path: string;
      readonly body: string | Uint8Array | undefined;
    }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array };

interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  };
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** The end of the daemon, and answers without an end, are tried elsewhere. */
const LEFT_OUT = ['stop', 'events', 'live'];

const names = fc.constantFrom('a', 'b', 'c', 'guest', '..', '%2e%2e', 'x'.repeat(65), 'é', '');
const numbers = fc.oneof(
  fc.constantFrom(
    0,
    1,
    -1,
    4096,
    4095,
    0x100000000,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    1e308,
    0.5,
  ),
  fc.integer({ min: -10, max: 100_000 }),
);
const texts = fc.oneof(
  numbers.map(String),
  fc.constantFrom(
    '',
    '0x',
    '0x1000',
    '1e3',
    'NaN',
    'null',
    'true',
    'mergeable',
    'dontneed',
    'ksmpages',
    'boot',
    'read',
    'scan-time',
    '\u0000',
  ),
  fc.string({ maxLength: 20 }),
);
const values = fc.oneof(
  numbers,
  texts,
  names,
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Requests of every kind. */
export function randomRequests(document: unknown): fc.Arbitrary<RandomRequest> {
  const { paths, components } = document as OpenApi;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => !LEFT_OUT.includes(operationId ?? ''))
      .map(([method, operation]) =>
        requestsOf(method.toUpperCase(), path, operation, components.schemas),
      ),
  );
  const nowhere = fc.record({
    kind: fc.constant('http' as const),
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
    path: fc.string({ maxLength: 40 }).map((text) => `/${encodeURIComponent(text)}`),
    body: fc.option(fc.string(), { nil: undefined }),
  });
  return fc.oneof(
    { weight: 20, arbitrary: fc.oneof(...operations) },
    { weight: 1, arbitrary: nowhere },
    { weight: 1, arbitrary: rawRequests(Object.keys(paths)) },
  );
}

function requestsOf(
  method: string,
  template: string,
  operation: Operation,
  named: Readonly<Record<string, Schema>>,
): fc.Arbitrary<RandomRequest> {
  const inQuery = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }) => name);
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const schema = named[body?.$ref?.split('/').at(-1) ?? ''];
  const path = fc
    .tuple(
      fc.array(names, { minLength: 2, maxLength: 2 }),
      fc.record(Object.fromEntries(inQuery.map((name) => [name, texts])), { requiredKeys: [] }),
    )
    .map(([segments, query]) => {
      let next = 0;
      const filled = template.replace(/\{\w+\}/g, () =>
        encodeURIComponent(segments[next++ % segments.length] ?? ''),
      );
      // An answer that is followed has no end.
      const search = new URLSearchParams(
        Object.entries(query).flatMap(([name, value]) =>
          name === 'follow' || value === undefined ? [] : [[name, value]],
        ),
      );
      return search.size === 0 ? filled : `${filled}?${search}`;
    });
  const fields = fc.record(
    Object.fromEntries(
      Object.keys(schema?.properties ?? { run: {}, pages_to_scan: {} }).map((name) => [
        name,
        values,
      ]),
    ),
    {
      requiredKeys: [],
    },
  );
  const bodies = fc.oneof(
    { weight: 6, arbitrary: fields.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 10_000 }) },
  );
  return fc.record({
    kind: fc.constant('http' as const),
    method: fc.constant(method),
    path,
    body: method === 'GET' ? fc.constant(undefined) : fc.option(bodies, { nil: undefined }),
  });
}

function rawRequests(paths: readonly string[]): fc.Arbitrary<RandomRequest> {
  const head = fc
    .tuple(
      fc.constantFrom('GET', 'PUT', 'POST', 'BREW', ''),
      fc.constantFrom(...paths),
      fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
      fc.array(fc.string({ maxLength: 30 }), { maxLength: 4 }),
    )
    .map(([method, path, version, headers]) =>
      Buffer.from(
        `${method} ${path} ${version}\r\n${headers.join('\r\n')}\r\ncontent-length: 10\r\n\r\nabc`,
      ),
    );
  return fc
    .oneof(fc.uint8Array({ maxLength: 400 }), head)
    .map((bytes) => ({ kind: 'raw' as const, bytes }));
}
