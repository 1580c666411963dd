/**
 * Validators and serializers of routes, compiled when they are first needed: fastify compiles those
 * of all routes as it starts, which takes a third of a start, and most routes are never asked.
 */
import ajvCompiler from '@fastify/ajv-compiler';
import serializerCompiler from '@fastify/fast-json-stringify-compiler';

const buildValidator = ajvCompiler();
const buildSerializer = serializerCompiler();

export const LAZY_COMPILERS = {
  buildValidator: (...given: Parameters<typeof buildValidator>) => {
    const compile = buildValidator(...given);
    return (route: Parameters<typeof compile>[0]) => lazy(() => compile(route));
  },
  buildSerializer: (...given: Parameters<typeof buildSerializer>) => {
    const compile = buildSerializer(...given);
    return (route: Parameters<typeof compile>[0]) => lazy(() => compile(route));
  },
};

/** A function that is made when it is called first; before that it has no properties. */
function lazy<T extends (...args: never[]) => unknown>(make: () => T): T {
  let made: T | undefined;
  const whenCalled = new Proxy(make, {
    apply(_make, self, args) {
      made ??= make();
      return Reflect.apply(made, self, args);
    },
    get: (_make, name) => (made === undefined ? undefined : Reflect.get(made, name)),
  });
  // What it answers to is T's: a proxy is typed as what it stands in front of.
  return whenCalled as unknown as T;
}
