/** A file that has an end and a length from the start: no pipe, no device, no directory. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KsmdError } from '../errors.js';

export interface RegularFile {
  readonly file: FileHandle;
  /** Bytes. */
  readonly length: number;
}

/** EINVAL if it is another; a pipe that nobody writes to is not waited for. */
export async function openRegularFile(path: string): Promise<RegularFile> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new KsmdError('EINVAL', `${path} is no regular file`);
    return { file, length: stat.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}
