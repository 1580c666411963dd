/** What the build has made of the protocol's modules says what these say. */
import { expect, test } from 'vitest';
import { ErrorAnswer } from '../../src/protocol/error-answer.js';
import { ROUTES } from '../../src/protocol/routes.js';

test.each([
  ['routes', { ROUTES }],
  ['error-answer', { ErrorAnswer }],
])('the schemas of %s', async (name, exported) => {
  const built: unknown = await import(
    new URL(`../../dist/protocol/${name}.js`, import.meta.url).href
  );
  expect({ ...Object(built) }).toEqual(JSON.parse(JSON.stringify(exported)));
});
