/**
 * A file that is there whole or not at all: written under a name of its own, and named as asked
 * once it is done. An older one of that name is replaced.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { KsmdError } from '../../../errors.js';

/** Nothing is begun where nothing can be written: the file is opened before `write` is called. */
export async function writeWhole<T>(
  path: string,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new KsmdError('EISDIR', `${path} is a directory: name a file`);
  // A name of its own: two commands may write at once, and the last whole file stands.
  const partial = `${path}.${randomUUID()}.part`;
  const file = await open(partial, 'wx', 0o600);
  try {
    const result = await write(file);
    await file.sync();
    await file.close();
    await rename(partial, path);
    return result;
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}
