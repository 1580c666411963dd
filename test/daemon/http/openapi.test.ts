import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { ROUTES } from '../../../src/protocol/routes.js';
import { DaemonProcess } from '../../daemon-process.js';

test('the OpenAPI document is valid and has every route, with its parameters and answers', async () => {
  const daemon = await DaemonProcess.start();
  const { json } = await daemon.curlJson('/v1/openapi.json');
  expect(await daemon.stop()).toBe(0);
  const verdict = await new Validator().validate(structuredClone(json) as Record<string, unknown>);
  expect(verdict).toMatchObject({ valid: true });

  const { paths } = json as {
    paths: Record<string, Record<string, { parameters?: { name: string }[]; responses: object }>>;
  };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = Object.values(ROUTES).map(
    ({ method, path }) => `${method} ${path.replace(/:(\w+)|(\*)/g, '{$1$2}')}`,
  );
  expect(documented.sort()).toEqual(routes.sort());
  expect(
    paths['/v1/guests/{guest}/memory']?.put?.parameters?.map(({ name }) => name).sort(),
  ).toEqual(['address', 'guest', 'key', 'length']);
  for (const methods of Object.values(paths))
    for (const { responses } of Object.values(methods)) expect(responses).toHaveProperty('default');
});
