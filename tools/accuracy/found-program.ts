/** Where a program lies, also one that Debian keeps out of PATH. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';

const POSTGRES = '/usr/lib/postgresql';

export function foundProgram(name: string): string | undefined {
  const folders = [...postgresFolders(), ...(process.env.PATH ?? '').split(':'), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** The newest first. They are before PATH, where Debian has wrappers of some. */
function postgresFolders(): string[] {
  try {
    const versions = readdirSync(POSTGRES).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(POSTGRES, version, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
