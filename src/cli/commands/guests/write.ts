/** `ksmd write`: bytes into a guest, from a file or standard input. */
import { fileChunks } from '../../../sources/file-chunks.js';
import { openRegularFile } from '../../../sources/regular-file.js';
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
  const { file, length } = await openRegularFile(path);
  try {
    await client.store(guest, address, { length, chunks: fileChunks(file, length) });
  } finally {
    await file.close();
  }
  return undefined;
};
