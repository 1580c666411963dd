/**
 * Answers that go on until somebody ends them: events, followed logs.
 *
 * A reader too slow to keep up is let go: what it has not read may not pile up in the daemon.
 */
import { PassThrough } from 'node:stream';

const MAX_UNREAD_BYTES = 1024 * 1024;

export class LiveStreams {
  private readonly open = new Set<PassThrough>();

  /** `dropped` is told of a reader that is let go. */
  constructor(private readonly dropped: (what: string) => void) {}

  /**
   * A stream of what `subscribe` sends, until the reader goes, falls behind, or `endAll` is called.
   */
  start(subscribe: (send: (text: string) => void) => () => void): PassThrough {
    const stream = new PassThrough();
    this.open.add(stream);
    const unsubscribe = subscribe((text) => {
      if (stream.writableEnded || stream.destroyed) return;
      stream.write(text);
      if (stream.writableLength <= MAX_UNREAD_BYTES) return;
      this.dropped(`a stream was cut off: its reader was ${MAX_UNREAD_BYTES} bytes behind`);
      stream.destroy();
    });
    stream.once('close', () => {
      unsubscribe();
      this.open.delete(stream);
    });
    return stream;
  }

  endAll(): void {
    for (const stream of this.open) stream.end();
  }
}
