/** What is in an xz file. */
import { ReadableStream } from 'node:stream/web';
import xz from 'xz-decompress';
import { isKsmdError } from '../../../errors.js';
import type { Forward } from '../forward.js';
import { malformed } from '../malformed.js';

/** Rejects with EINVAL if it is damaged or cut. */
export async function* unxz(packed: Forward): AsyncGenerator<Uint8Array, void, undefined> {
  // The package is typed by the browser's streams, which are the same.
  const chunks = ReadableStream.from(packed.rest()) as unknown as globalThis.ReadableStream;
  const reader = new xz.XzReadableStream(chunks).getReader();
  let unpacked = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      unpacked += value.length;
      yield value;
    }
  } catch (error) {
    if (isKsmdError(error, 'EINVAL') || !(error instanceof Error)) throw error;
    throw malformed(
      packed.path,
      `its xz is damaged (${error.message}): its unpacked stream breaks off`,
      unpacked,
    );
  } finally {
    await reader.cancel().catch(() => {});
  }
}
