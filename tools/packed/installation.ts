/**
 * ksmd as others get it: packed as it is published, and installed into an empty folder from the
 * registry, with what it needs to run and nothing else; and programs that use it, compiled there.
 *
 * The checkout must be built. Every method rejects if what it runs fails, with what that printed.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('./programs', import.meta.url));
const require = createRequire(import.meta.url);
const TSC = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
/** What the declarations ask for besides, which package.json says as an optional peer. */
const NODE_TYPES = `@types/node@${require('@types/node/package.json').version}`;

/** A package that asks for a newer Node than the one at hand is a failure. */
const NPM = [
  ...['--prefer-offline', '--ignore-scripts', '--engine-strict'],
  ...['--no-audit', '--no-fund', '--loglevel=error', '--no-update-notifier'],
];

/** As strict as anybody's: the declarations of ksmd and of what it needs are checked too. */
const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
  },
};

const execute = promisify(execFile);

export class Installation {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Installation> {
    const installation = new Installation(mkdtempSync(join(tmpdir(), 'ksmd-packed-')));
    const { folder } = installation;
    try {
      writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
      const packed = await installation.run('npm', ['pack', '--silent', ...NPM, CHECKOUT]);
      await installation.run('npm', ['install', ...NPM, `./${packed.trim()}`, NODE_TYPES]);
      cpSync(PROGRAMS, folder, { recursive: true });
      return installation;
    } catch (error) {
      installation.remove();
      throw error;
    }
  }

  /** Compiles the programs; what the compiler says, which is nothing if all is well. */
  compile(): Promise<string> {
    return this.run(process.execPath, [TSC, '-p', '.']);
  }

  /** Runs one of the programs with this Node; what it prints. */
  program(nodeJs: string, name: string, ...args: readonly string[]): Promise<string> {
    return this.run(nodeJs, [`${name}.js`, ...args]);
  }

  /** The command line that runs the installed command with this Node. */
  ksmd(nodeJs: string): [string, ...string[]] {
    const path = `${dirname(nodeJs)}:${process.env.PATH}`;
    return ['env', `PATH=${path}`, join(this.folder, 'node_modules/.bin/ksmd')];
  }

  /** Another Node of that version, from the registry too: its path. */
  async nodeJs(version: string): Promise<string> {
    const release = `node-${process.platform}-${process.arch}`;
    await this.run('npm', ['install', ...NPM, '--no-save', `${release}@${version}`]);
    return join(this.folder, 'node_modules', release, 'bin/node');
  }

  /** What it prints. Rejects too if it has anything to say on standard error. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await execute(program, args, { cwd: this.folder });
    if (stderr !== '') throw new Error(`${[program, ...args].join(' ')} says: ${stderr}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
