/** What the build has made of modules of schemas exports what these do. */
import { expect, test } from 'vitest';
import { MODULES } from '../../packaging/schemas/modules.js';

test.each(Object.entries(MODULES))('%s', async (name, exported) => {
  const built: unknown = await import(new URL(`../../dist/${name}.js`, import.meta.url).href);
  expect({ ...Object(built) }).toEqual(JSON.parse(JSON.stringify(exported)));
});
