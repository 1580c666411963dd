/**
 * A schema as OpenAPI 3.1 has it, and as programs that make clients read it: a reference where it
 * has a name, whole numbers of 64 bits unless they are small, maps and tuples in the words of JSON
 * Schema 2020-12, where typebox has those of before.
 */
import { COMPONENTS } from './components.js';

/** What there is of JSON Schema in the protocol. */
interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly additionalItems?: boolean;
  readonly anyOf?: readonly JsonSchema[];
}

const LARGEST_OF_32_BITS = 2 ** 31 - 1;
/** Any name, to typebox. */
const ANY_NAME = '^.*$';

const nameOf = new Map(
  Object.entries(COMPONENTS).map(([name, [schema]]) => [JSON.stringify(schema), name]),
);
if (nameOf.size < Object.keys(COMPONENTS).length) throw new Error('two names for one schema');

/** The component's name if it is one. */
export function schemaObject(schema: object): object {
  const name = nameOf.get(JSON.stringify(schema));
  return name === undefined ? spelledOut(schema) : { $ref: `#/components/schemas/${name}` };
}

/** All components, spelled out. */
export function components(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(COMPONENTS).map(([name, [schema, description]]) => [
      name,
      { ...(description === undefined ? {} : { description }), ...spelledOut(schema) },
    ]),
  );
}

function spelledOut(schema: JsonSchema): object {
  const { properties, patternProperties, items, additionalItems, anyOf, ...rest } = schema;
  const [entries] = Object.entries(patternProperties ?? {});
  if (entries !== undefined && entries[0] !== ANY_NAME)
    throw new Error(`names of ${entries[0]} cannot be said in a client's types`);
  return {
    ...(rest.enum === undefined ? {} : { type: 'string' }),
    ...rest,
    ...(rest.type === 'integer' && !((rest.maximum ?? Infinity) <= LARGEST_OF_32_BITS)
      ? { format: 'int64' }
      : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, each]) => [name, schemaObject(each)]),
          ),
        }),
    ...(entries === undefined ? {} : { additionalProperties: schemaObject(entries[1]) }),
    ...itemsOf(items),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(schemaObject) }),
  };
}

function itemsOf(items: JsonSchema['items']): object {
  if (items === undefined) return {};
  if (!Array.isArray(items)) return { items: schemaObject(items) };
  return { prefixItems: items.map(schemaObject), maxItems: items.length };
}
