/**
 * Imports run downwards only and close no circle: what holds them to it finds what does not, in a
 * copy of the sources, and nothing in these themselves.
 */
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, run, TemporaryDirectory } from './daemon-process.js';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const COPIED = ['src', 'tools', 'bench', 'packaging', 'bin', 'dist'];
const FILES = ['package.json', '.dependency-cruiser.js'];

let copy: TemporaryDirectory;
beforeAll(() => {
  copy = new TemporaryDirectory();
  for (const path of [...COPIED, ...FILES])
    cpSync(`${REPOSITORY}${path}`, copy.file(path), { recursive: true });
  mkdirSync(copy.file('src/attic'));
  symlinkSync(`${REPOSITORY}node_modules`, copy.file('node_modules'));
});
afterAll(() => copy.remove());

function lintImports(): Promise<Outcome> {
  return run('npm', ['--prefix', copy.path, 'run', '--silent', 'lint:imports']);
}

test('lint holds imports to their direction, and the sources keep to it', async () => {
  const { scripts } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8'));
  expect(scripts.lint).toContain('npm run lint:imports');
  expect(await lintImports()).toMatchObject({ status: 0, stderr: '' });
});

/** What is wrong, the rule that says so, and a line of a file that is it. */
const FAULTS = [
  ['ksm imports inspect', 'src-ksm', 'src/ksm/cursor.ts', "import '../inspect/check.js';"],
  [
    'a type is imported upwards',
    'src-core',
    'src/core/layout.ts',
    "import type {} from '../ksm/host.js';",
  ],
  [
    'a verb is the daemon',
    'src-cli',
    'src/cli/procps/units.ts',
    "import '../../daemon/daemon.js';",
  ],
  [
    'it is loaded later',
    'src-client',
    'src/client/lines.ts',
    "await import('../daemon/daemon.js');",
  ],
  ['a source imports a tool', 'src-cli', 'src/cli/values.ts', "import '../../tools/stress.js';"],
  [
    'the browser is to load protocol',
    'web',
    'dist/web/wording.js',
    "import '../protocol/values.js';",
  ],
  ['what all import imports something', 'common', 'src/hex.ts', "import './names.js';"],
  ['a folder has no rule', 'a-folder', 'src/attic/old.ts', "import '../hex.js';"],
  [
    'two files import each other',
    'no-circle',
    'src/estimate/content-table.ts',
    "import './estimate.js';",
  ],
] as const;

describe('lint fails if', () => {
  let outcome: Outcome;
  beforeAll(async () => {
    for (const [, , path, line] of FAULTS) appendFileSync(copy.file(path), `\n${line}\n`);
    outcome = await lintImports();
  });

  test.each(FAULTS)('%s', (_what, rule, path) => {
    expect(outcome.status).not.toBe(0);
    expect(outcome.stdout).toMatch(new RegExp(`error ${rule}[\\w-]*: ${path} → `));
  });
});
