/**
 * Clients that other people's programs make of the OpenAPI document, each in a folder of its own
 * with a program that uses it. The programs that make them come from their registries.
 *
 * Rejects with what a command printed if it fails.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** As the build has written it, and as a daemon answers it. */
const DOCUMENT = fileURLToPath(new URL('../../dist/openapi.json', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('./programs', import.meta.url));
const NPM = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
/** openapi-typescript knows no newer TypeScript; Node 20's fetch no newer undici. */
const PACKAGES = [
  'typescript@5',
  'openapi-typescript@7',
  'openapi-fetch@0',
  'undici@6',
  '@types/node@20',
];
const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
  },
};

const execute = promisify(execFile);

/** A language that a client is made in, step by step. */
export interface Language {
  /** Fetches the programs that it takes. */
  install(folder: ClientFolder): Promise<void>;
  /** Makes the client, and compiles the program that uses it where that is done. */
  make(folder: ClientFolder): Promise<void>;
  /** Runs that program; what it prints. */
  run(folder: ClientFolder, socketPath: string, overTcp: string): Promise<string>;
}

export class ClientFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ksmd-client-'));

  constructor() {
    copyFileSync(DOCUMENT, join(this.path, 'openapi.json'));
  }

  takeProgram(name: string): void {
    copyFileSync(join(PROGRAMS, name), join(this.path, name));
  }

  async run(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await execute(program, args, { cwd: this.path });
    return stdout;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** By openapi-typescript, for openapi-fetch. */
export const TYPESCRIPT: Language = {
  async install(folder) {
    writeFileSync(join(folder.path, 'package.json'), '{"private": true, "type": "module"}\n');
    await folder.run('npm', 'install', ...NPM, ...PACKAGES);
  },
  async make(folder) {
    await folder.run('npx', 'openapi-typescript', 'openapi.json', '--output', 'ksmd.d.ts');
    folder.takeProgram('ask.ts');
    writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await folder.run('npx', 'tsc', '-p', '.');
  },
  run: (folder, ...where) => folder.run(process.execPath, 'ask.js', ...where),
};

/** By openapi-python-client. */
export const PYTHON: Language = {
  async install(folder) {
    await folder.run('python3', '-m', 'venv', 'venv');
    await folder.run('venv/bin/pip', 'install', '--quiet', 'openapi-python-client');
  },
  async make(folder) {
    const target = ['--path', 'openapi.json', '--meta', 'none', '--output-path', 'ksmd_client'];
    await folder.run('venv/bin/openapi-python-client', 'generate', ...target);
    folder.takeProgram('ask.py');
  },
  run: (folder, ...where) => folder.run('venv/bin/python', 'ask.py', ...where),
};
