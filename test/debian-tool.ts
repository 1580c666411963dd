/**
 * Programs that a test drives and the machine may lack: as they are on the path, or else out of
 * Debian's packages, unpacked into a temporary directory.
 *
 * Nothing is installed. Where neither is to be had the test is skipped, and says why.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';
import { run, TemporaryDirectory } from './daemon-process.js';

export interface Tool {
  readonly path: string;
  /** What it needs to run from where it is. */
  readonly env: NodeJS.ProcessEnv;
  /** Where its packages were unpacked; empty if it was on the path. */
  readonly root: string;
}

const BIN = ['usr/bin', 'bin', 'usr/sbin', 'sbin'];

interface Unpacked {
  readonly directory: TemporaryDirectory;
  readonly root: string;
  /** What apt-get and dpkg had to say; the last of it is why something is missing. */
  readonly stderr: string;
}

/** What a test file has asked for: packages are fetched once, and gone with `removeTools`. */
const unpacked = new Map<string, Promise<Unpacked>>();

export async function removeTools(): Promise<void> {
  for (const { directory } of await Promise.all(unpacked.values())) directory.remove();
  unpacked.clear();
}

/**
 * The program, on the path or in the first of these packages, which the others are there for. Skips
 * the test if it cannot be had.
 */
export async function tool(
  context: TestContext,
  program: string,
  packages: readonly string[],
): Promise<Tool> {
  const installed = inDirectories(program, [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
  ]);
  if (installed !== undefined) return { path: installed, env: {}, root: '' };
  const key = packages.join(' ');
  const fetched = unpacked.get(key) ?? unpack(packages);
  unpacked.set(key, fetched);
  const { root, stderr } = await fetched;
  const path = inDirectories(program, inRoot(root));
  if (path === undefined)
    return context.skip(
      `${program} is neither installed nor to be had from Debian: ` +
        `${stderr.trim().split('\n').at(-1) ?? ''}`,
    );
  return {
    path,
    env: {
      PATH: [...inRoot(root), process.env.PATH].join(delimiter),
      LD_LIBRARY_PATH: libraries(root).join(delimiter),
    },
    root,
  };
}

async function unpack(packages: readonly string[]): Promise<Unpacked> {
  const directory = new TemporaryDirectory();
  const script =
    'cd "$1" && shift && apt-get download "$@" && for package in *.deb; do dpkg -x ' +
    '"$package" root || exit; done';
  const { stderr } = await run('sh', ['-c', script, 'sh', directory.path, ...packages]);
  return { directory, root: directory.file('root'), stderr };
}

function inRoot(root: string): string[] {
  return BIN.map((bin) => join(root, bin));
}

function inDirectories(program: string, candidates: readonly string[]): string | undefined {
  return candidates.map((directory) => join(directory, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function libraries(root: string): string[] {
  const directories = ['usr/lib', 'lib'].flatMap((lib) =>
    entries(join(root, lib)).filter((path) => path.endsWith('-linux-gnu')),
  );
  // Where systemd's programs look for a library of their own.
  return directories.flatMap((directory) => [directory, join(directory, 'systemd')]);
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}
