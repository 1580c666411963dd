/** What is in a gzip file, of one member or several. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isKsmdError } from '../../../errors.js';
import type { Forward } from '../forward.js';
import { malformed } from '../malformed.js';

const CHUNK_BYTES = 256 * 1024;

/** Rejects with EINVAL if it is damaged or cut. */
export async function* gunzipped(packed: Forward): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(Readable.from(packed.rest(), { objectMode: false }), gunzip, () => {});
  let unpacked = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      unpacked += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (isKsmdError(error, 'EINVAL') || !isZlibs(error)) throw error;
    throw malformed(
      packed.path,
      `its gzip is damaged (${error.message}): its unpacked stream breaks off`,
      unpacked,
    );
  }
}

function isZlibs(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_');
}
