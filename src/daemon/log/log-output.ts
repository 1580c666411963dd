/**
 * Where the lines of the log go.
 *
 * To a file or a terminal they are written before the call returns. A pipe can be full, its reader
 * asleep, and to wait for it would stop the daemon. So lines that a pipe does not take are held
 * back up to a bound; beyond that they are dropped and counted.
 */
import { fstatSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { pino } from 'pino';
import { systemError } from '../../errors.js';
import { FatalError } from '../fatal.js';

const STDOUT = 1;
const MAX_HELD_BYTES = 1024 * 1024;
/** How long the last lines may take to get out. */
const FLUSH_PATIENCE_MS = 500;
const LOOK_MS = 2;

type Destination = ReturnType<typeof pino.destination>;

export interface LogOutput {
  /** Takes a line, newline included. */
  write(line: string): void;
  /** Resolves once all lines are out, or cannot be got out soon. */
  flush(): Promise<void>;
}

/** Appends to the file at a path; one that is made is its owner's alone. */
export class LogFile implements LogOutput {
  private destination: Destination;

  /** FatalError if it cannot be opened. */
  constructor(private readonly path: string) {
    this.destination = this.open();
  }

  write(line: string): void {
    this.destination.write(line);
  }

  async flush(): Promise<void> {}

  /**
   * Goes on in what is at the path now: a new file, if the old one has been moved away. Every line
   * is in one of the two, whole: there is no moment between them. FatalError if it cannot
   * be opened; lines go on into the old one then.
   */
  reopen(): void {
    const old = this.destination;
    this.destination = this.open();
    old.end();
  }

  private open(): Destination {
    try {
      return synchronous(openSync(this.path, 'a', 0o600));
    } catch (error) {
      throw new FatalError(
        'LogFileUnusable',
        systemError(error, `cannot write the log file ${this.path}`),
      );
    }
  }
}

/** `missed` is told how many lines were dropped, once lines get out again. */
export function standardOutput(missed: (dropped: number) => void): LogOutput {
  const stat = fstatSync(STDOUT);
  if (!stat.isFIFO() && !stat.isSocket()) {
    const destination = synchronous(STDOUT);
    let gone = false;
    // A terminal can go, and SIGHUP says so. Until that is heard its lines go nowhere.
    if (isatty(STDOUT)) {
      destination.on('error', () => {
        gone = true;
      });
    }
    return { write: (line) => void (gone || destination.write(line)), flush: async () => {} };
  }
  // Other commands end when nobody reads what they print; a daemon does not.
  process.stdout.removeAllListeners('error');
  return new HeldBack(process.stdout, missed);
}

function synchronous(fd: number): Destination {
  return pino.destination({ fd, sync: true });
}

/**
 * Lines to a stream that may not take them. Nothing fails: once the stream has, lines are thrown
 * away.
 */
export class HeldBack implements LogOutput {
  private dropped = 0;
  private failed = false;

  constructor(
    private readonly stream: Writable,
    private readonly missed: (dropped: number) => void,
  ) {
    stream.on('error', () => {
      this.failed = true;
    });
    stream.on('drain', () => this.flows());
  }

  write(line: string): void {
    if (this.failed) return;
    if (this.stream.writableLength + line.length > MAX_HELD_BYTES) this.dropped++;
    else this.stream.write(line);
  }

  async flush(): Promise<void> {
    const deadline = performance.now() + FLUSH_PATIENCE_MS;
    while (!this.failed && this.stream.writableLength > 0 && performance.now() < deadline)
      await delay(LOOK_MS);
  }

  private flows(): void {
    const { dropped } = this;
    this.dropped = 0;
    if (dropped > 0) this.missed(dropped);
  }
}
