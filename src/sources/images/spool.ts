/**
 * A stream of a format that has to be read back and forth: put into a temporary file first, which
 * has no name and is gone with the process. It may take half of what is free there, no more.
 */
import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KsmdError } from '../../errors.js';
import { FileBytes, type Stored } from './bytes.js';
import type { Input } from './input.js';

/** What the input has, to be read anywhere. ENOSPC if there is no room for it. */
export async function stored(input: Input): Promise<Stored> {
  if (input.file !== undefined) return input.file;
  const { path, forward } = input;
  const { bavail, bsize } = await statfs(tmpdir());
  const mostBytes = Math.floor(bavail / 2) * bsize;
  const folder = await mkdtemp(join(tmpdir(), 'ksmd-image-'));
  const file = await open(join(folder, 'image'), 'wx+', 0o600);
  await rm(folder, { recursive: true });
  try {
    let length = 0;
    for await (const chunk of forward.rest()) {
      if (length + chunk.length > mostBytes)
        throw new KsmdError(
          'ENOSPC',
          `${path} is to be read back and forth, and takes more than ${mostBytes} bytes, half of ` +
            `what is free in ${tmpdir()}: unpack it into a file, or set TMPDIR`,
        );
      for (let done = 0; done < chunk.length; )
        done += (await file.write(chunk, done, chunk.length - done, length + done)).bytesWritten;
      length += chunk.length;
    }
    return new FileBytes(path, file, length, undefined);
  } catch (error) {
    await file.close();
    throw error;
  }
}
