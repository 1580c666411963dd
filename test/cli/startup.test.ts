/**
 * A verb is quick: the command line starts without the server and without the schemas, which take
 * longer to load than all the rest.
 */
import { expect, test } from 'vitest';
import { KSMD, run } from '../daemon-process.js';

/** Makes Node refuse to load these packages. */
const HOOK = `export function resolve(specifier, context, next) {
  if (/^(typebox|fastify|@fastify|pino|ajv)\\b/.test(specifier)) throw new Error(specifier + ' was loaded');
  return next(specifier, context);
}`;
const PRELOAD = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(HOOK))});`;

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

test('the command line starts without server and schemas', async () => {
  expect(await run(process.execPath, ['--import', dataUrl(PRELOAD), KSMD, '--help'])).toMatchObject(
    { status: 0, stderr: '' },
  );
});

test('a package that may not be loaded would be noticed', async () => {
  const { status, stderr } = await run(process.execPath, [
    '--import',
    dataUrl(PRELOAD),
    KSMD,
    'start',
    '--socket',
    '/nonexistent/ksmd.sock',
  ]);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/was loaded/);
});
