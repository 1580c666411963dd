/**
 * A file that is there whole or not at all: written under a name of its own, and named as asked
 * once it is done. An older one of its kind is replaced, and so is an empty one; what is anything
 * else is nobody's to lose. A link stays, as does what is no file, a device or a pipe, which is
 * written to. A signal leaves nothing half done behind, and ends the command, unless that has
 * something to end in good order itself.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { KsmdError, systemError } from '../../../errors.js';
import { quoted } from '../../../printable.js';
import { SIGNALS } from './until-interrupted.js';

export interface FileKind {
  /** After `is no`: a snapshot. */
  readonly what: string;
  /** A file's mode, as far as the user's umask lets it be. */
  readonly mode: number;
  /** `head`: the first bytes of a file, HEAD_BYTES at most, as Latin-1. */
  isBegunBy(head: string): boolean;
}

const HEAD_BYTES = 1024;

/**
 * Nothing is begun where nothing can be written: the file is opened before `write` is called.
 * EEXIST if one of another kind is there.
 */
export async function writeWhole<T>(
  path: string,
  kind: FileKind,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new KsmdError('EISDIR', `${path} is a directory: name a file`);
  if (there?.isFile() === false) return writeTo(path, write);
  if (there !== undefined && there.size > 0 && !kind.isBegunBy(await headOf(path)))
    throw new KsmdError('EEXIST', `${quoted(path)} is there, and is no ${kind.what}`);
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
    return await writeAs(partial, target, kind.mode, write);
  } catch (error) {
    throw ofTheFileAskedFor(error, partial, path);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

async function headOf(path: string): Promise<string> {
  const file = await open(path).catch((error: unknown) => {
    throw systemError(error, `cannot read ${quoted(path)}`);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
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
  mode: number,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(partial, 'wx', mode);
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
