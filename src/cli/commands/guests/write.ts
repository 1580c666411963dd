/** `ksmd write`: bytes into a guest, from a file or standard input. */
import { open } from 'node:fs/promises';
import { KsmdError } from '../../../errors.js';
import { fileChunks } from '../../../sources/file-chunks.js';
import type { Action } from '../../verb.js';

export const action: Action<[string, number], { readonly file?: string }> = async (
  { client },
  [guest, address],
  { file: path },
) => {
  if (path === undefined) {
    await client.store(guest, address, { chunks: process.stdin });
    return undefined;
  }
  const file = await open(path);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new KsmdError('EINVAL', `${path} is no regular file`);
    await client.store(guest, address, {
      length: stat.size,
      chunks: fileChunks(file, stat.size),
    });
  } finally {
    await file.close();
  }
  return undefined;
};
