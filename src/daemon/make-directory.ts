/** As mkdir -p. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes the directory and those above it that are missing. Whether it had to. Throws what mkdir
 * does. Not by way of Node's `recursive`, which never returns from a place where nothing can be
 * made, as in /proc.
 */
export function makeDirectory(directory: string, mode = 0o777): boolean {
  if (isDirectory(directory)) return false;
  if (!existsSync(directory)) makeDirectory(dirname(resolve(directory)), mode);
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Another daemon that starts may have been quicker.
    if (isDirectory(directory)) return false;
    throw error;
  }
  return true;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
