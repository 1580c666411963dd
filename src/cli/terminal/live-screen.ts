/**
 * A terminal's alternate screen, drawn anew again and again, with keys.
 *
 * However the process ends, short of a kill, the terminal is left as it was found; and so while it
 * is stopped, by Ctrl-Z or SIGTSTP.
 */
import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { END_SIGNALS, type EndSignal } from './end-signals.js';
import type { StyledLine } from './styled.js';

/** The alternate screen, without a cursor. */
const HIDE_CURSOR = '\x1b[?25l';
const ENTER = `\x1b[?1049h${HIDE_CURSOR}`;
const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
/** Cleared first: some terminals that were resized meanwhile keep lines of it. */
const LEAVE = `${HOME}${CLEAR_BELOW}\x1b[?25h\x1b[?1049l`;

export interface LiveScreenListener {
  /** A key, under readline's name for it: a letter, `up`, `pagedown`. */
  key(name: string): void;
  resized(): void;
  /** Ctrl-C was typed, or a signal came. */
  ends(signal: EndSignal): void;
}

/** Whether it can be drawn on. */
export function isScreen(output: WriteStream): boolean {
  return output.isTTY && process.env.TERM !== 'dumb';
}

/** What a terminal that does not know its size, as a serial line does not, is taken for. */
const UNKNOWN_COLUMNS = 80;
const UNKNOWN_ROWS = 24;

interface Key {
  readonly name?: string;
  readonly ctrl: boolean;
}

export class LiveScreen {
  constructor(
    private readonly output: WriteStream,
    private readonly input: ReadStream,
    private readonly listener: LiveScreenListener,
  ) {
    process.on('exit', this.close);
    for (const signal of END_SIGNALS) process.on(signal, this.signalled);
    process.on('SIGTSTP', this.stopped);
    process.on('SIGCONT', this.continued);
    output.on('resize', this.resized);
    // Input may come from elsewhere than the terminal: then there are no keys.
    if (input.isTTY) {
      emitKeypressEvents(input);
      input.setRawMode(true).on('keypress', this.typed).resume();
    }
    output.write(ENTER);
  }

  get columns(): number {
    return this.output.columns || UNKNOWN_COLUMNS;
  }

  get rows(): number {
    return this.output.rows || UNKNOWN_ROWS;
  }

  /** Lines no longer than `columns`. Those beyond `rows` are left out. */
  draw(lines: readonly StyledLine[]): void {
    const shown = lines.slice(0, this.rows).map((line) => line + CLEAR_LINE_END);
    this.output.write(HOME + shown.join('\r\n') + CLEAR_BELOW);
  }

  readonly close = (): void => {
    process.off('exit', this.close);
    for (const signal of END_SIGNALS) process.off(signal, this.signalled);
    process.off('SIGTSTP', this.stopped);
    process.off('SIGCONT', this.continued);
    this.output.off('resize', this.resized);
    this.output.write(LEAVE);
    if (this.input.isTTY) this.input.off('keypress', this.typed).setRawMode(false).pause();
  };

  private readonly signalled = (signal: NodeJS.Signals): void =>
    this.listener.ends(signal as EndSignal);

  private readonly stopped = (): void => {
    this.output.write(LEAVE);
    if (this.input.isTTY) this.input.setRawMode(false);
    process.off('SIGTSTP', this.stopped);
    // Here it stops, unless there is no shell to continue it: then the kernel does not stop it.
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', this.stopped);
    if (this.input.isTTY) this.input.setRawMode(true);
    this.output.write(ENTER);
    this.listener.resized();
  };

  /** By whoever: a shell may have had the terminal meanwhile. */
  private readonly continued = (): void => {
    if (this.input.isTTY) this.input.setRawMode(false).setRawMode(true);
    this.output.write(HIDE_CURSOR);
    this.listener.resized();
  };

  private readonly resized = (): void => this.listener.resized();

  private readonly typed = (text: string | undefined, { name, ctrl }: Key): void => {
    if (ctrl && name === 'c') this.listener.ends('SIGINT');
    // All that was started with it stops, as the terminal itself would have it.
    else if (ctrl && name === 'z') process.kill(0, 'SIGTSTP');
    else if (!ctrl) this.listener.key(name ?? text ?? '');
  };
}
