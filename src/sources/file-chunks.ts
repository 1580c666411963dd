/** A file's bytes in large pieces, each read while the one before it is on its way. */
import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;

/** `length` bytes from the file's beginning; fewer if the file ends before that. */
export async function* fileChunks(
  file: FileHandle,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let next = readChunk(file, 0, length);
  for (let done = 0; done < length; ) {
    const chunk = await next;
    if (chunk.length === 0) return;
    done += chunk.length;
    next = readChunk(file, done, length);
    // If the caller stops here, nobody waits for the next chunk any more.
    next.catch(() => {});
    yield chunk;
  }
}

async function readChunk(file: FileHandle, at: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - at));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
  return buffer.subarray(0, bytesRead);
}
