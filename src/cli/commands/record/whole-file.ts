/**
 * A file that is there whole or not at all: written under a name of its own, and named as asked
 * once it is done. An older one of that name is replaced; a link to one stays, as does what is no
 * file there, a device or a pipe, which is written to. A signal leaves nothing half done behind,
 * and ends the command, unless that has something to end in good order itself.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { KsmdError, systemError } from '../../../errors.js';
import { quoted } from '../../../printable.js';
import { SIGNALS } from './until-interrupted.js';

/** Nothing is begun where nothing can be written: the file is opened before `write` is called. */
export async function writeWhole<T>(
  path: string,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new KsmdError('EISDIR', `${path} is a directory: name a file`);
  if (there?.isFile() === false) return writeTo(path, write);
  // A name of its own: two commands may write at once, and the last whole file stands.
  const target = there === undefined ? path : await realpath(path);
  const partial = `${target}.${randomUUID()}.part`;
  const interrupt = (signal: NodeJS.Signals): void => {
    for (const each of SIGNALS) process.off(each, interrupt);
    rmSync(partial, { force: true });
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await writeAs(partial, target, write);
  } catch (error) {
    throw ofTheFileAskedFor(error, partial, path);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

async function writeTo<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'w');
  try {
    return await write(file);
  } finally {
    await file.close();
  }
}

async function writeAs<T>(
  partial: string,
  path: string,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
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

/** Nobody has asked for the other name. */
function ofTheFileAskedFor(error: unknown, partial: string, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof KsmdError || message?.includes(partial) !== true) return error;
  const reason = message.replace(/, \w+ '.*$/s, '');
  return systemError({ code, message: reason }, `cannot write ${quoted(path)}`);
}
