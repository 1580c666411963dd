/**
 * What `npm install` gives a user: what runs, what documents it, what a server needs; nothing that
 * only builds or tests it.
 */
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { VERBS } from '../../src/cli/commands.js';
import { run } from '../daemon-process.js';

let packed: string[];
beforeAll(async () => {
  const checkout = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = await run('npm', [
    'pack',
    '--dry-run',
    '--json',
    '--ignore-scripts',
    checkout,
  ]);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  packed = files.map(({ path }) => path);
});

test('the package has what a user needs', () => {
  const needed = [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'SECURITY.md',
    'package.json',
    'bin/ksmd.js',
    'dist/cli/main.js',
    'dist/daemon/daemon.js',
    'dist/core.wasm',
    'dist/openapi.json',
    'dist/pages/prediction/main.js',
    'dist/pages/prediction/page.css',
    'dist/pages/shared/main.js',
    'dist/pages/shared/page.css',
    'src/fleet/queries/hosts.sql',
    'src/web/prediction/page.html',
  ];
  const onServers = [
    'contrib/ksmd.service',
    'contrib/ksmd-mount.service',
    'contrib/ksmd-shadow.service',
    'contrib/sysusers.d/ksmd.conf',
    'contrib/default/ksmd',
    'contrib/logrotate.d/ksmd',
  ];
  expect(packed).toEqual(
    expect.arrayContaining([
      ...needed,
      ...onServers,
      'dist/man/ksmd.1',
      ...VERBS.map(({ name }) => `dist/man/ksmd-${name}.1`),
    ]),
  );
});

test('of declarations it has those of what can be imported', () => {
  const declarations = packed.filter((path) => path.endsWith('.d.ts'));
  expect(declarations).toEqual(
    expect.arrayContaining(['dist/client/index.d.ts', 'dist/sim/index.d.ts']),
  );
  expect(declarations.filter((path) => /^dist\/(?:cli|daemon|machine|web)\//.test(path))).toEqual(
    [],
  );
});

test('the package has nothing else', () => {
  const places =
    /^(?:bin|contrib|dist|src\/(?:web|fleet\/queries))\/|^(?:README|CHANGELOG|SECURITY)\.md$|^LICENSE$|^package\.json$/;
  expect(packed.filter((path) => !places.test(path))).toEqual([]);
  // Source maps are for those who have its sources.
  expect(packed.filter((path) => /(?<!\.d)\.ts$|\.(?:map|wat)$/.test(path))).toEqual([]);
});
