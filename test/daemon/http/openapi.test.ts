/** The OpenAPI document, as a daemon answers it: what programs that make clients of it go by. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, test } from 'vitest';
import { FINGERPRINTS } from '../../../src/names.js';
import { EVENTS } from '../../../src/protocol/routes/streams.js';
import { ROUTES } from '../../../src/protocol/routes.js';
import { DaemonProcess } from '../../daemon-process.js';

interface Described {
  readonly description?: string;
}

interface Media extends Described {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Schema extends Described {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly maximum?: number;
  readonly anyOf?: readonly Schema[];
}

interface Operation extends Described {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly (Described & {
    readonly name: string;
    readonly required: boolean;
  })[];
  readonly requestBody?: Media & { readonly required: boolean };
  readonly responses: Readonly<Record<string, Media>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let document: Document;
let operations: Operation[];
beforeAll(async () => {
  const daemon = await DaemonProcess.start();
  document = (await daemon.curlJson('/v1/openapi.json')).json as Document;
  expect(await daemon.stop()).toBe(0);
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
});

function called(id: string): Operation {
  const operation = operations.find(({ operationId }) => operationId === id);
  if (operation === undefined) throw new Error(`no operation ${id}`);
  return operation;
}

test('it is valid and has every route, by its name', async () => {
  const plain: Record<string, unknown> = { ...structuredClone(document) };
  expect(await new Validator().validate(plain)).toMatchObject({ valid: true });
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => [
      operationId,
      `${method.toUpperCase()} ${path}`,
    ]),
  );
  const routes = Object.entries(ROUTES).map(([name, { method, path }]) => [
    name,
    `${method} ${path.replace(/:(\w+)/g, '{$1}').replace('*', '{file}')}`,
  ]);
  expect(documented.sort()).toEqual(routes.sort());
});

test('every operation, parameter and named schema says what it is, and every tag what is in it', () => {
  const tags = document.tags.map(({ name }) => name);
  for (const {
    operationId,
    summary,
    description,
    tags: own,
    parameters,
    responses,
  } of operations) {
    expect(own, operationId).toEqual([expect.toBeOneOf(tags)]);
    expect(summary, operationId).toMatch(/^[A-Z]/);
    expect(description, operationId).toMatch(/(TCP too|Unix socket only)\.$/);
    for (const { name, description: said } of parameters)
      expect(said, `${operationId} ${name}`).toMatch(/./);
    expect(responses, operationId).toHaveProperty('default');
  }
  expect(new Set(operations.flatMap(({ tags: own }) => own))).toEqual(new Set(tags));
  for (const each of document.tags) expect(each.description, each.name).toMatch(/./);
  for (const [name, { description }] of Object.entries(document.components.schemas))
    expect(description, name).toMatch(/./);
});

describe('clients have names for what they send and get:', () => {
  test('all JSON is a named schema, and each of these is used', () => {
    for (const { operationId, requestBody, responses } of operations)
      for (const { content } of [
        ...(requestBody ? [requestBody] : []),
        ...Object.values(responses),
      ]) {
        const schema = content?.['application/json']?.schema;
        if (schema !== undefined) expect(schema, operationId).toEqual({ $ref: expect.any(String) });
      }
    const text = JSON.stringify(document);
    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`"#/components/schemas/${name}"`);
  });

  test('an upload has a body, of bytes or of fingerprints', () => {
    const { requestBody, parameters } = called('store');
    expect(requestBody).toMatchObject({ required: true });
    const binary = { schema: { type: 'string', format: 'binary' } };
    expect(requestBody?.content).toEqual({
      'application/octet-stream': binary,
      [FINGERPRINTS]: binary,
    });
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ['guest', true],
      ['address', true],
      ['length', false],
      ['key', false],
    ]);
  });

  test('a body that may be left out is not asked for', () => {
    expect(called('createGuest').requestBody?.required).toBe(false);
    expect(called('map').requestBody?.required).toBe(true);
  });

  test('of a stream, what its events carry', () => {
    const schema = called('events').responses['200']?.content?.['text/event-stream']?.schema;
    expect(schema?.anyOf).toHaveLength(Object.keys(EVENTS).length);
    expect(schema?.anyOf).toContainEqual({ $ref: '#/components/schemas/FullScanEvent' });
    expect(document.components.schemas.FullScanEvent).toMatchObject({
      required: ['full_scans', 'pages_shared', 'pages_sharing'],
    });
  });

  test('a whole number that 32 bits may not hold is said to have 64', () => {
    const all: Schema[] = [];
    JSON.stringify(document, (_key, value: Schema | null) => {
      if (value?.type === 'integer') all.push(value);
      return value;
    });
    expect(all.length).toBeGreaterThan(100);
    for (const { format, maximum } of all)
      expect(format).toBe(maximum !== undefined && maximum < 2 ** 31 ? undefined : 'int64');
  });
});
