/** What of ksmd a Debian gets: Node, what ksmd depends on, and its programs as they run. */
import { execFileSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InitialFiles } from './initial-files.js';

const HERE = fileURLToPath(new URL('../..', import.meta.url));
export const THERE = '/ksmd';

/** `folder` is for what is made; of `tools` there are those that it is to run. */
export function addKsmd(files: InitialFiles, folder: string): void {
  files.copyProgram(process.execPath);
  // As it is run there: what TypeScript is made into takes an emulation minutes to find out.
  const compiled = join(folder, 'compiled');
  execFileSync('npx', ['tsc', '--noEmit', 'false', '--outDir', compiled], { cwd: HERE });
  for (const part of ['src', 'tools']) files.copy(join(compiled, part), join(THERE, part));
  for (const part of ['package.json', 'bin', 'dist'])
    files.copy(join(HERE, part), join(THERE, part));
  const listing = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: HERE,
    encoding: 'utf8',
  });
  for (const each of listing.trim().split('\n').slice(1))
    files.copy(each, join(THERE, relative(HERE, each)));
}
