/**
 * A terminal for the command line, as large as one likes and with keys: util-linux' `script` holds
 * the other end.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { KSMD, TemporaryDirectory, text } from './daemon-process.js';
import { until } from './until.js';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Its shell notices when the command stops, tells the settings, and continues it. */
  readonly continues?: boolean;
}

/** Every frame of a live screen begins here. */
const HOME = '\x1b[H';
/** The terminal's driver adds a return to what has one already. */
const LINE_END = /\r+\n/;

export class Terminal {
  /** The exit status, as a shell has it. */
  readonly exited: Promise<number | null>;
  private readonly written: () => string;

  private constructor(
    private readonly directory: TemporaryDirectory,
    private readonly child: ChildProcess & {
      readonly stdin: NodeJS.WritableStream;
      readonly stdout: NodeJS.ReadableStream;
    },
  ) {
    this.written = text(child.stdout);
    this.exited = once(child, 'close').then(([status]) => {
      directory.remove();
      return status as number | null;
    });
  }

  /**
   * Runs `ksmd` on a terminal of its own. Its settings before and after are printed, as `stty -g`
   * has them.
   */
  static ksmd(
    args: readonly string[],
    { columns = 80, rows = 24, env, continues = false }: TerminalOptions = {},
  ): Terminal {
    const directory = new TemporaryDirectory();
    const ksmd = [process.execPath, KSMD, ...args].map((word) => `'${word}'`).join(' ');
    const script = [
      `stty rows ${rows} cols ${columns}`,
      `tty > ${directory.file('tty')}`,
      'echo "before $(stty -g)"',
      ...(continues ? ['set -m'] : []),
      // A Ctrl-C is for the command alone.
      'trap : INT',
      `sh -c 'echo $$ > ${directory.file('pid')}; trap - INT; exec "$@"' - ${ksmd}`,
      'status=$?',
      ...(continues ? ['echo "stopped $(stty -g)"', 'fg', 'status=$?'] : []),
      // A daemon that it leaves behind for a while may set the terminal as it ends.
      "while pgrep -s 0 -f 'ksmd.js star[t]' > /dev/null; do sleep 0.05; done",
      'echo "after $(stty -g)"',
      'exit $status',
    ].join('\n');
    // Of what the tests run with, only what a terminal's own shell has too: Node looks at a dozen
    // variables, CI for one, to decide on colours.
    const { PATH, HOME } = process.env;
    const child = spawn('script', ['-qefc', script, '/dev/null'], {
      stdio: 'pipe',
      env: { PATH, HOME, SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
    });
    return new Terminal(directory, child);
  }

  /** All that was written so far, escapes included. */
  get raw(): string {
    return this.written();
  }

  /** The same without escapes. */
  get plain(): string {
    return stripVTControlCharacters(this.raw);
  }

  /** The lines of the last whole frame of a live screen; none before the first. */
  get frame(): string[] {
    const frames = this.raw.split(HOME).filter((part) => part.endsWith('\x1b[J'));
    return stripVTControlCharacters(frames.at(-1) ?? '').split(LINE_END);
  }

  type(keys: string): void {
    this.child.stdin.write(keys);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(Number(await this.told('pid')), signal);
  }

  async resize(columns: number, rows: number): Promise<void> {
    spawnSync('stty', [
      '-F',
      await this.told('tty'),
      'rows',
      String(rows),
      'cols',
      String(columns),
    ]);
  }

  /** Whether the terminal is as it was: its settings, its screen and its cursor. */
  get isRestored(): boolean {
    return this.isAsBefore('after', this.raw);
  }

  /** The same while the command is stopped. */
  get isRestoredMeanwhile(): boolean {
    return this.isAsBefore('stopped', this.raw.slice(0, this.raw.indexOf('stopped ')));
  }

  private isAsBefore(now: string, raw: string): boolean {
    const settings = (when: string): string | undefined =>
      new RegExp(`${when} ([0-9a-f]+:[0-9a-f:]+)`).exec(this.plain)?.[1];
    const lastOf = (...sequences: string[]): string | undefined =>
      sequences.toSorted((a, b) => raw.lastIndexOf(b) - raw.lastIndexOf(a))[0];
    return (
      settings('before') !== undefined &&
      settings('before') === settings(now) &&
      lastOf('\x1b[?1049h', '\x1b[?1049l') === '\x1b[?1049l' &&
      lastOf('\x1b[?25l', '\x1b[?25h') === '\x1b[?25h'
    );
  }

  private told(file: string): Promise<string> {
    return until(`the terminal's ${file} is known`, () => {
      try {
        return readFileSync(this.directory.file(file), 'utf8').trim() || undefined;
      } catch {
        return undefined;
      }
    });
  }
}
