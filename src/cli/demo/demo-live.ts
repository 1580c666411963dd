/**
 * The demo on a terminal: a screen of its own while it runs, and the last picture where the command
 * was typed. However it ends, the terminal is as it was.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { EXIT_STATUSES } from '../terminal/end-signals.js';
import { LiveScreen } from '../terminal/live-screen.js';
import { printStyled } from '../terminal/output.js';
import type { Audience, Scene } from './demo-play.js';
import { lastLines, liveLines } from './demo-screen.js';

/** One who tries it from its source has no `ksmd` yet. */
const PROGRAM = process.env.npm_lifecycle_event === 'demo' ? 'node bin/ksmd.js' : 'ksmd';
/** Often enough for a picture that moves. */
const EVERY_MS = 100;

export class DemoLive implements Audience {
  readonly everyMs = EVERY_MS;
  private readonly beganMs = performance.now();
  private readonly screen: LiveScreen;
  private scene: Scene | undefined;

  /** What the process leaves behind, whoever has it removes as the process exits. */
  constructor(output: WriteStream, input: ReadStream) {
    this.screen = new LiveScreen(output, input, {
      key: (name) => name === 'q' && process.exit(0),
      resized: () => this.draw(),
      ends: (signal) => process.exit(EXIT_STATUSES[signal]),
    });
    this.draw();
  }

  see(scene: Scene): void {
    this.scene = scene;
    this.draw();
  }

  /** The terminal as it was; what was told last stays on it, if the demo has come to its end. */
  close(): void {
    const { columns, rows } = this.screen;
    this.screen.close();
    if (this.scene?.phase !== 'done') return;
    const last = lastLines(this.scene, this.elapsedMs, { columns, rows }, PROGRAM);
    for (const line of last) printStyled(line);
  }

  private get elapsedMs(): number {
    return performance.now() - this.beganMs;
  }

  private draw(): void {
    this.screen.draw(liveLines(this.scene, this.elapsedMs, this.screen));
  }
}
