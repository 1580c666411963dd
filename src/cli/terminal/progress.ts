/** Progress of a long transfer: a bar if standard error is a terminal, nothing elsewhere. */
import { printable } from '../../printable.js';
import { percent, size } from './wording.js';

const BAR_WIDTH = 30;
const REDRAW_MS = 100;

export class Progress {
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private doneBytes = 0;

  constructor(
    private readonly label: string,
    private readonly totalBytes: number,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  add(bytes: number): void {
    this.doneBytes += bytes;
    const now = performance.now();
    if (
      !this.stream.isTTY ||
      (now - this.drawnAtMs < REDRAW_MS && this.doneBytes < this.totalBytes)
    )
      return;
    this.drawnAtMs = now;
    const share = this.totalBytes === 0 ? 1 : this.doneBytes / this.totalBytes;
    const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    this.stream.write(
      `\r${printable(this.label)}  [${bar}]  ${percent(share)} of ${size(this.totalBytes)} `,
    );
  }

  /** Takes the bar away. */
  end(): void {
    if (this.stream.isTTY) this.stream.write('\r\x1b[K');
  }

  /** Counts what passes through. */
  async *watch(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      yield chunk;
      this.add(chunk.length);
    }
  }
}
