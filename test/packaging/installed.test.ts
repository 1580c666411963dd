/**
 * ksmd as others get it: packed as it is published, installed into an empty folder from the
 * registry. `npm run packed` does the same under other Nodes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Installation } from '../../tools/packed/installation.js';
import { type Printed, tryUnder } from '../../tools/packed/trial.js';

/** npm and the registry may take their time. */
const INSTALLING_MS = 300_000;

let installation: Installation;
/** Others' programs, once: what the compiler says. */
let compiled: Promise<string>;
beforeAll(async () => {
  installation = await Installation.make();
  compiled = installation.compile();
}, INSTALLING_MS);
afterAll(() => installation.remove());

test('it brings along what it needs to run, and nothing that only builds or tests it', () => {
  const installed = ['commander', 'fastify', 'typescript', 'vitest'].map((name) =>
    existsSync(join(installation.folder, 'node_modules', name)),
  );
  expect(installed).toEqual([true, true, false, false]);
});

test("others' programs compile, as strict as can be, declarations of packages checked too", async () => {
  expect(await compiled).toBe('');
});

test('only its entries can be imported', async () => {
  const inside = ['--input-type=module', '-e', "import 'ksmd/dist/ksm/host.js'"];
  await expect(installation.run(process.execPath, inside)).rejects.toThrow(
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  );
});

describe('at work under this Node', () => {
  let printed: Printed;
  beforeAll(async () => {
    await compiled;
    printed = await tryUnder(process.execPath, installation);
  });

  test('a program simulates two guests, which share a page', () => {
    expect(printed.simulation).toBe('pages_shared 1\npages_sharing 1\nfull_scans 2\n');
  });

  test('a program asks the daemon of the installed command for the same', () => {
    expect(printed.client).toBe(
      "pages_shared 1\npages_sharing 1\nfull_scans 2\nno guest 'carol'\n",
    );
  });

  test('the command line runs', () => {
    const manifest = join(installation.folder, 'node_modules/ksmd/package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    expect(printed.verbs.get('--version')).toBe(`${version}\n`);
    expect(printed.verbs.get('check')).toContain('agree');
    // 256 equal pages, and the page of the other two guests.
    expect(printed.verbs.get('get pages_sharing')).toMatch(/^pages_sharing\s+256$/m);
    for (const [verb, output] of printed.verbs) expect(output, verb).not.toBe('');
  });
});
