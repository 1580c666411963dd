/** Progress of a long transfer: a bar if standard error is a terminal, nothing elsewhere. */
import { printable } from '../../printable.js';
import { percent, size } from '../../wording/amounts.js';
import { LEAST_NAME, shortened } from './tables.js';

const MOST_BAR = 30;
/** A shorter one shows nothing. */
const LEAST_BAR = 5;
/** What is around the bar. */
const BRACKETS = 4;
const UNKNOWN_COLUMNS = 80;
const REDRAW_MS = 100;

export class Progress {
  private drawnAtMs = Number.NEGATIVE_INFINITY;
  private doneBytes = 0;

  constructor(
    private readonly label: string,
    private readonly totalBytes: number,
    private readonly stream: Pick<
      NodeJS.WriteStream,
      'isTTY' | 'columns' | 'write'
    > = process.stderr,
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
    this.stream.write(`\r${this.line(share)} \x1b[K`);
  }

  /** One line of the terminal, or it could not be drawn over: the bar gives way, then the label. */
  private line(share: number): string {
    const told = `  ${percent(share)} of ${size(this.totalBytes)}`;
    const label = printable(this.label);
    const room = (this.stream.columns || UNKNOWN_COLUMNS) - 1 - told.length;
    const width = Math.min(MOST_BAR, room - BRACKETS - Math.min(label.length, LEAST_NAME));
    if (width < LEAST_BAR) return shortened(label, room) + told;
    const bar = '#'.repeat(Math.round(share * width)).padEnd(width, '.');
    return `${shortened(label, room - BRACKETS - width)}  [${bar}]${told}`;
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
