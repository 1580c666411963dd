/** Chunks on their way; `sent` is told of each once the next one is asked for. */
export function* watchedChunks(
  chunks: Generator<Buffer, void, undefined>,
  sent: (bytes: number) => void,
): Generator<Buffer, void, undefined> {
  for (const chunk of chunks) {
    yield chunk;
    sent(chunk.length);
  }
}
