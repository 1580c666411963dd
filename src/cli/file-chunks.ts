/** A file's bytes in large pieces. */
import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;

/** `length` bytes from the file's beginning; fewer if the file ends before that. */
export async function* fileChunks(file: FileHandle, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let done = 0; done < length; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, length - done));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
  }
}
