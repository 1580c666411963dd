/** The OpenAPI document of all routes, as fastify reads their records. Nothing is served. */
import swagger from '@fastify/swagger';
import { fastify } from 'fastify';
import { schemaOf } from '../../src/daemon/http/register.js';
import type { Route } from '../../src/protocol/route.js';
import { ROUTES } from '../../src/protocol/routes.js';
import { VERSION } from '../../src/version.js';

export async function openApi(): Promise<object> {
  const api = fastify({ exposeHeadRoutes: false });
  // Nobody asks, so nothing is to be checked or rendered.
  api.setValidatorCompiler(() => () => true);
  api.setSerializerCompiler(() => JSON.stringify);
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ksmd',
        version: VERSION,
        description: 'Kernel Samepage Merging in a simulated machine, over a Unix socket.',
      },
      servers: [{ url: 'http://localhost' }],
    },
  });
  for (const [name, record] of Object.entries<Route>(ROUTES))
    api.route({
      method: record.method,
      url: record.path,
      schema: schemaOf(name, record),
      handler: () => {},
    });
  await api.ready();
  return api.swagger();
}
