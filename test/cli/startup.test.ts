/**
 * A verb is quick: the command line starts with its table and the parser of arguments, and a verb
 * loads what it needs itself and nothing else. The server and the schemas take longer to load than
 * all the rest.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERBS } from '../../src/cli/commands.js';
import { KSMD, run, TemporaryDirectory } from '../daemon-process.js';

const COMMANDS = new URL('../../dist/cli/commands.js', import.meta.url).href;

/** Makes Node write down what it loads. */
const HOOK = `
  import { appendFileSync } from 'node:fs';
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    appendFileSync(process.env.LOADED, resolved.url + '\\n');
    return resolved;
  }`;
const PRELOAD = `
  import { register } from 'node:module';
  register(${JSON.stringify(dataUrl(HOOK))});`;

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** What Node loads for a program: folders of `dist/`, and packages. */
async function loadedBy(args: readonly string[]): Promise<{ rooms: string[]; packages: string[] }> {
  const directory = new TemporaryDirectory();
  try {
    const file = directory.file('loaded');
    const preloaded = ['--import', dataUrl(PRELOAD), ...args];
    const outcome = await run(process.execPath, preloaded, {
      env: { LOADED: file },
    });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    const loaded = readFileSync(file, 'utf8');
    const names = (pattern: RegExp): string[] =>
      [...new Set([...loaded.matchAll(pattern)].map(([, name]) => name ?? ''))].sort();
    return {
      rooms: names(/\/dist\/(?!.*node_modules)(\w+)\//g),
      packages: names(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g),
    };
  } finally {
    directory.remove();
  }
}

/** The table's own: exit statuses and limits are told in the help. */
const TABLE_ROOMS = ['cli', 'daemon'];
/** How amounts are written: nearly all verbs tell some. */
const WORDING = 'wording';

describe('without a verb', () => {
  test.each(['--version', '--help', 'status --help'])(
    "ksmd %s loads the table and its arguments' parser",
    async (line) => {
      expect(await loadedBy([KSMD, ...line.split(' ')])).toEqual({
        rooms: [...TABLE_ROOMS, 'protocol'],
        packages: ['commander'],
      });
    },
  );
});

describe('loads', () => {
  /** What else than the daemon's answers and text for them a verb needs. */
  // Threads of theirs load the rest.
  const PREDICTING = [
    'core',
    'estimate',
    'fingerprints',
    'ksm',
    'machine',
    'predict',
    'prices',
    'recording',
  ];
  const NEEDS: Readonly<Record<string, { rooms: string[]; packages?: string[] }>> = {
    capture: {
      rooms: ['fingerprints', 'prices', 'recording', 'sources'],
      packages: ['typebox', 'xxhash-wasm'],
    },
    calibrate: {
      rooms: ['core', 'khugepaged', 'ksm', 'machine', 'prices', 'sources'],
      packages: ['xxhash-wasm'],
    },
    completion: { rooms: ['core', 'khugepaged', 'ksm'] },
    demo: { rooms: ['client', 'protocol', 'sources'], packages: ['xxhash-wasm'] },
    estimate: {
      rooms: ['estimate', 'fingerprints', 'recording', 'sources'],
      packages: ['typebox', 'xxhash-wasm'],
    },
    fleet: {
      rooms: ['estimate', 'fingerprints', 'fleet', 'recording', 'workload'],
      packages: ['typebox'],
    },
    follow: {
      rooms: ['fingerprints', 'recording', 'sources'],
      packages: ['typebox', 'xxhash-wasm'],
    },
    shared: {
      rooms: ['estimate', 'fingerprints', 'recording', 'sources'],
      packages: ['typebox', 'xxhash-wasm'],
    },
    plan: { rooms: PREDICTING, packages: ['typebox'] },
    predict: { rooms: PREDICTING, packages: ['typebox'] },
    profile: { rooms: ['hotspots'] },
    recording: {
      rooms: ['fingerprints', 'recording'],
      packages: ['typebox'],
    },
    register: { rooms: ['fingerprints', 'sources'] },
    replay: {
      rooms: ['conformance', 'core', 'khugepaged', 'ksm', 'machine', 'protocol'],
      packages: ['typebox', 'xxhash-wasm'],
    },
    write: { rooms: ['sources'] },
  };

  test.each(VERBS.map(({ name }) => name))('%s loads what it needs', async (name) => {
    const code = `
      const { VERBS } = await import('${COMMANDS}');
      await VERBS.find(({ name }) => name === '${name}').load();`;
    const { rooms, packages } = await loadedBy(['--input-type=module', '-e', code]);
    const needs = NEEDS[name] ?? { rooms: [] };
    const mere = rooms.filter((room) => room !== WORDING);
    expect(mere).toEqual([...TABLE_ROOMS, ...needs.rooms].sort());
    expect(packages.filter((each) => each !== 'commander')).toEqual(needs.packages ?? []);
  });
});

test('the client is loaded without the schemas and without a package', async () => {
  const client = new URL('../../dist/client/client.js', import.meta.url).href;
  const code = `await import('${client}')`;
  expect(await loadedBy(['--input-type=module', '-e', code])).toEqual({
    rooms: ['client', 'protocol'],
    packages: [],
  });
});

test('the daemon is loaded without what made its schemas and what renders its metrics', async () => {
  const [daemon, server] = ['daemon', 'http/server'].map(
    (name) => new URL(`../../dist/daemon/${name}.js`, import.meta.url).href,
  );
  const code = `await import('${daemon}'); await import('${server}')`;
  const { packages } = await loadedBy(['--input-type=module', '-e', code]);
  expect(packages).toContain('fastify');
  for (const spared of ['typebox', '@fastify/swagger', 'prom-client'])
    expect(packages).not.toContain(spared);
});
