/**
 * Imports run downwards only and close no circle: what holds them to it finds what does not, in a
 * copy of the sources, and nothing in these themselves.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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

/** The outcome with one more line in a file, or with a file of that line. */
async function lintWith(path: string, line: string): Promise<Outcome> {
  const file = copy.file(path);
  const before = existsSync(file) ? readFileSync(file) : undefined;
  appendFileSync(file, `\n${line}\n`);
  const outcome = await lintImports();
  if (before === undefined) rmSync(file);
  else writeFileSync(file, before);
  return outcome;
}

test('lint holds imports to their direction, and the sources keep to it', async () => {
  const { scripts } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8'));
  expect(scripts.lint).toContain('npm run lint:imports');
  expect(await lintImports()).toMatchObject({ status: 0, stderr: '' });
});

describe('lint fails if', () => {
  test.each([
    ['ksm imports inspect', 'src/ksm/cursor.ts', "import '../inspect/check.js';"],
    ['a type is imported upwards', 'src/core/layout.ts', "import type {} from '../ksm/host.js';"],
    ['a verb is the daemon', 'src/cli/procps/units.ts', "import '../../daemon/daemon.js';"],
    ['it is loaded later', 'src/client/lines.ts', "await import('../daemon/daemon.js');"],
    ['a source imports a tool', 'src/cli/values.ts', "import '../../tools/stress.js';"],
    ['the browser is to load protocol', 'dist/web/wording.js', "import '../protocol/values.js';"],
    ['what all import imports something', 'src/hex.ts', "import './names.js';"],
    ['a folder has no rule', 'src/attic/old.ts', "import '../hex.js';"],
  ])('%s', async (_what, path, line) => {
    const { status, stdout } = await lintWith(path, line);
    expect(status).not.toBe(0);
    expect(stdout).toContain(`${path} → `);
  });

  test('two files import each other', async () => {
    const { status, stdout } = await lintWith('src/cli/values.ts', "import './program.js';");
    expect(status).not.toBe(0);
    expect(stdout).toContain('no-circle');
  });
});
